import type { InvocationList } from '#model/protocol/live-message.ts';
import type { ClusterTopology, NodeTopology } from '#model/topology/topology.ts';
import type { SharedCluster } from '../access/restrict-cluster.ts';
import type { Scope } from '../auth/scope.ts';

type InvocationFilter = { readonly node?: string | undefined; readonly pod?: string | undefined };

/** Where a session takes its snapshots from. */
export type LiveSource = {
  readonly cluster: () => ClusterTopology;
  /** What of a cluster as it was told it takes to count a part of it. */
  readonly shared: (topology: ClusterTopology) => SharedCluster;
  readonly node: (name: string) => NodeTopology | undefined;
  readonly invocations: (filter: InvocationFilter, scope: Scope) => InvocationList;
};
