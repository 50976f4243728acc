import type { ClusterTopology } from '#model/topology/topology.ts';
import type { SharedCluster } from '../access/restrict-cluster.ts';
import type { TopologyFold } from './topology-fold.ts';

type Fold = Pick<TopologyFold, 'told' | 'clusterFacts'>;

/** The cluster as it was told, with what it takes to count only a part of it. Recomputes nothing. */
export function shareCluster(fold: Fold, topology: ClusterTopology, clock: () => Date): SharedCluster {
  const nodes = new Map([...fold.told()].map((node) => [node.name, node]));
  return { topology, nodes, unscheduled: fold.clusterFacts().unscheduled.keys(), atMs: clock().getTime() };
}
