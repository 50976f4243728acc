import { findPrograms } from '../provide-programs.ts';
import { type Cluster, type ClusterNode, startCluster } from '../start-cluster.ts';
import { waitFor } from '../wait-for.ts';
import type { Daemon } from '../world/daemon.ts';
import { Collector } from './collector.ts';
import { Desk } from './desk.ts';
import { startAgent } from './node-network.ts';

/**
 * A cluster with a collector at a desk and an agent on each node as plain processes from this checkout, for what the chart
 * does not offer: a network that the test writes itself. No network plugin is installed yet.
 */
export type PodwiredCluster = Cluster & {
  readonly collector: Collector;
  /** By the node's name. */
  readonly agents: ReadonlyMap<string, Daemon>;
};

export async function startPodwiredCluster(): Promise<PodwiredCluster> {
  await using parts = new AsyncDisposableStack();
  const cluster = parts.use(await startCluster(findPrograms()));
  const collector = await Collector.start(cluster, await Desk.open(cluster));
  const agents = new Map(cluster.nodes.map((node) => [node.name, startAgent(node, cluster.logs)]));
  const kept = parts.move();
  return { ...cluster, collector, agents, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** Waits until the kubelets say that their networks work. */
export async function waitUntilReady({ api }: Cluster): Promise<void> {
  await waitFor({ what: 'Ready nodes', explain: () => api.kubectl('get', 'nodes') }, async () => {
    const nodes = await api.listNodes();
    return nodes.every(({ status }) =>
      status.conditions?.some((each) => each.type === 'Ready' && each.status === 'True'),
    );
  });
}

/** The node of a name. @throws where there is none */
export function nodeOf(cluster: Cluster, name: string): ClusterNode {
  const node = cluster.nodes.find((each) => each.name === name);
  if (node === undefined) throw new Error(`no node ${name}`);
  return node;
}
