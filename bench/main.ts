import { runClusterBench } from './cluster.ts';
import { runPluginBench } from './plugin.ts';

/** `npm run bench -- <name>`: one name for each benchmark. */
const [name, ...args] = process.argv.slice(2);

if (name === 'plugin') {
  process.exitCode = runPluginBench(args);
} else if (name === 'cluster') {
  process.exitCode = await runClusterBench(args);
} else {
  process.stderr.write(
    'usage: npm run bench -- plugin [--rounds 100] [--parallel 100] [--write]\n' +
      '       npm run bench -- cluster [--rounds 8] [--pods 5] [--crowd 40] [--write]\n',
  );
  process.exitCode = 1;
}
