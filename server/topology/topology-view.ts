import type { ClusterPod } from '#model/cluster/cluster-facts.ts';
import type { NodeFinding } from '#model/findings/node-finding.ts';
import type { KernelSnapshot } from '#model/kernel/kernel-snapshot.ts';
import type { ClusterTopology, NodeTopology } from '#model/topology/topology.ts';
import type { SharedCluster } from '../access/restrict-cluster.ts';

/** A pod to be searched for: what Kubernetes says, where it says anything, and the words of its wires. */
export type IndexedPod = {
  /** `<namespace>/<name>` */
  readonly key: string;
  /** Absent while no node has it. */
  readonly node: string | undefined;
  /** Absent for a pod that only CNI knows. */
  readonly facts: ClusterPod | undefined;
  /** Container ids, MACs, host veths. */
  readonly wires: readonly string[];
};

/** The state at one time, now or then, as the routes read it. */
export type TopologyView = {
  /** Events after this place in the log had not come yet; absent: all have. */
  readonly upToSeq: number | undefined;
  readonly cluster: () => Promise<ClusterTopology>;
  readonly node: (name: string) => Promise<NodeTopology | undefined>;
  /** `undefined` where the node has no kernel state, or is not there. */
  readonly kernel: (name: string) => Promise<KernelSnapshot | undefined>;
  /** In the order of their keys, pods that only CNI knows last. */
  readonly pods: () => Promise<readonly IndexedPod[]>;
  readonly pod: (key: string) => Promise<IndexedPod | undefined>;
  readonly findings: () => Promise<readonly NodeFinding[]>;
};

/** The state before anybody's rights were looked at. */
export type WholeView = TopologyView & { readonly shared: () => Promise<SharedCluster> };
