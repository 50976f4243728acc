import { runCollectorBench } from './collector.ts';
import { runPluginBench } from './plugin.ts';

/** `npm run bench -- <name>`: one name for each benchmark. */
const [name, ...args] = process.argv.slice(2);

if (name === 'plugin') {
  process.exitCode = runPluginBench(args);
} else if (name === 'collector') {
  process.exitCode = await runCollectorBench(args);
} else {
  process.stderr.write(
    'usage: npm run bench -- plugin [--rounds 100] [--parallel 100] [--write]\n' +
      '       npm run bench -- collector [--batches 400] [--nodes 5000] [--seconds 30] [--hours 24] [--write]\n',
  );
  process.exitCode = 1;
}
