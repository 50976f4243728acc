import { runAgentBench } from './agent.ts';
import { runClusterBench } from './cluster.ts';
import { runCollectorBench } from './collector.ts';
import { runPluginBench } from './plugin.ts';
import { runWatchBench } from './watch.ts';

/** `npm run bench -- <name>`: one name for each benchmark. */
const [name, ...args] = process.argv.slice(2);

const USAGE = `usage: npm run bench -- plugin [--rounds 100] [--parallel 100] [--write]
       npm run bench -- agent [--pods 250] [--idle 60] [--changes 200] [--readings 20] [--write]
       npm run bench -- cluster [--rounds 8] [--pods 5] [--crowd 40] [--write]
       npm run bench -- collector [--batches 400] [--nodes 5000] [--seconds 30] [--hours 24] [--only flood|scale] [--write]
       npm run bench -- watch [--pods 20000] [--write]
`;

if (name === 'plugin') {
  process.exitCode = runPluginBench(args);
} else if (name === 'agent') {
  process.exitCode = runAgentBench(args);
} else if (name === 'cluster') {
  process.exitCode = await runClusterBench(args);
} else if (name === 'collector') {
  process.exitCode = await runCollectorBench(args);
} else if (name === 'watch') {
  await runWatchBench(args);
} else {
  process.stderr.write(USAGE);
  process.exitCode = 1;
}
