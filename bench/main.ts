import { runAgentBench } from './agent.ts';
import { runPluginBench } from './plugin.ts';

/** `npm run bench -- <name>`: one name for each benchmark. */
const [name, ...args] = process.argv.slice(2);

if (name === 'plugin') {
  process.exitCode = runPluginBench(args);
} else if (name === 'agent') {
  process.exitCode = runAgentBench(args);
} else {
  process.stderr.write(
    'usage: npm run bench -- plugin [--rounds 100] [--parallel 100] [--write]\n' +
      '       npm run bench -- agent [--pods 250] [--idle 60] [--changes 200] [--readings 20] [--write]\n',
  );
  process.exitCode = 1;
}
