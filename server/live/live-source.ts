import type { InvocationList } from '#model/protocol/live-message.ts';
import type { ClusterTopology, NodeTopology } from '#model/topology/topology.ts';

/** Where a session takes its snapshots from. */
export type LiveSource = {
  readonly cluster: () => ClusterTopology;
  readonly node: (name: string) => NodeTopology | undefined;
  readonly invocations: (filter: {
    readonly node?: string | undefined;
    readonly pod?: string | undefined;
  }) => InvocationList;
};
