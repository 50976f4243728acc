import type { Finding } from '#model/findings/finding.ts';
import type { TopologyDelta } from '#model/protocol/live-message.ts';
import type { ClusterTopology, InvocationSummary, NodeTopology } from '#model/topology/topology.ts';

/** What changed, told once per recomputation. */
export type FoldListener = {
  /** `delta` is absent where the node appeared or went, or where what was told of it before is not held any more. */
  readonly nodeChanged: (name: string, topology: NodeTopology | undefined, delta: TopologyDelta | undefined) => void;
  /** `delta` is absent where nodes or the watch stirred and the whole is the same: what is seen of a part of it may be new. */
  readonly clusterChanged: (topology: ClusterTopology, delta: TopologyDelta | undefined) => void;
  readonly invocationsArrived: (node: string, invocations: readonly InvocationSummary[]) => void;
  /** What a node's agent finds wrong now, told with every recomputation of the node; none of a node that went. */
  readonly findingsChanged?: (node: string, findings: readonly Finding[]) => void;
  /** Whether it wants to hear of a node at once; absent: it may wait until others are done. */
  readonly isWatching?: (name: string) => boolean;
};
