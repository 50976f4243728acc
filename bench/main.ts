import { runPluginBench } from './plugin.ts';
import { runWatchBench } from './watch.ts';

/** `npm run bench -- <name>`: one name for each benchmark. */
const [name, ...args] = process.argv.slice(2);

if (name === 'plugin') {
  process.exitCode = runPluginBench(args);
} else if (name === 'watch') {
  await runWatchBench(args);
} else {
  process.stderr.write('usage: npm run bench -- watch [--pods 20000] [--write]\n');
  process.stderr.write('       npm run bench -- plugin [--rounds 100] [--parallel 100] [--write]\n');
  process.exitCode = 1;
}
