import { installBridge } from './podwire/node-network.ts';
import { startPodwiredCluster, waitUntilReady } from './podwire/podwired-cluster.ts';
import { providePrograms } from './provide-programs.ts';

/**
 * Brings one cluster up with Podwire on it and keeps it until its standard input ends, or it is told to end: to look around
 * in, and for the test of what is left when it is killed. Says as one line of JSON how to enter.
 */

await providePrograms((line) => process.stderr.write(`${line}\n`));
await using cluster = await startPodwiredCluster();
await installBridge(cluster);
await waitUntilReady(cluster);
const report: HeldCluster = {
  world: cluster.world.name,
  directory: cluster.world.directory,
  kubectl: cluster.api.kubectlWords.join(' '),
  nodes: Object.fromEntries(cluster.nodes.map(({ name, enter }) => [name, enter.join(' ')])),
};
process.stdout.write(`${JSON.stringify(report)}\n`);
await new Promise<void>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve());
  process.stdin.on('end', resolve).resume();
});

export type HeldCluster = {
  /** Name of its directory and cgroups. */
  readonly world: string;
  readonly directory: string;
  /** In front of the words of kubectl. */
  readonly kubectl: string;
  /** By a node's name: in front of a command to run it there. */
  readonly nodes: Readonly<Record<string, string>>;
};
