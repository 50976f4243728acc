import type { SharedCluster } from '../access/restrict-cluster.ts';
import type { TopologyFold } from './topology-fold.ts';

/** The cluster as it is, with what it takes to count only a part of it. */
export function shareCluster(
  fold: Pick<TopologyFold, 'cluster' | 'summaries' | 'clusterFacts'>,
  clock: () => Date,
): SharedCluster {
  const topology = fold.cluster();
  const nodes = new Map([...fold.summaries()].map((node) => [node.name, node]));
  return { topology, nodes, unscheduled: fold.clusterFacts().unscheduled.keys(), atMs: clock().getTime() };
}
