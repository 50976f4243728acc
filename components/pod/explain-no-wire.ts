import type { NodeTopology } from '#model/topology/topology.ts';
import { describeReadiness, shortenReason } from '../cluster/describe-readiness.ts';

type NodeFacts = NodeTopology['node']['node'];

/** Why the runtime does not call the plugin: the node's own words where it is not ready, else nothing. */
export function explainWaiting(node: NodeFacts): string | undefined {
  if (node?.facts === undefined) {
    return undefined;
  }
  const readiness = describeReadiness(node.facts);
  return readiness.status === 'good' || readiness.reason === undefined ? undefined : shortenReason(readiness.reason);
}

/**
 * Why a pod has no wire on this node, as far as it is known: in one or two sentences, the surest cause first. What is
 * not known is said to be so.
 */
export function explainNoWire(topology: NodeTopology, pod: string): string {
  const facts = topology.pods[pod];
  const isRead = Object.values(topology.namespaces).some((namespace) => namespace.kind === 'root');
  if (facts === undefined) {
    return 'Kubernetes has no such pod now, and the kernel of this node no wire of it.';
  }
  if (facts.hostNetwork) {
    return "hostNetwork: the pod lives in the node's own network namespace and has no wire of its own.";
  }
  if (!isRead) {
    return 'The kernel of this node has not been read: whether the pod has a wire is not known.';
  }
  if (facts.failedAdds > 0) {
    const times = facts.failedAdds === 1 ? 'The last ADD failed' : `The last ${facts.failedAdds} ADDs failed`;
    return `${times}: ${facts.lastAdd?.error ?? 'no reason given'}. The kubelet tries again.`;
  }
  const waiting = explainWaiting(topology.node.node);
  if (facts.lastAdd === undefined && waiting !== undefined) {
    return `The node is not ready (${waiting}), so the runtime has not called the plugin for this pod.`;
  }
  if (facts.lastAdd === undefined) {
    return 'No ADD of this pod is in the journal: the runtime has not called the plugin for it, or another one.';
  }
  return 'Its last ADD succeeded, and the kernel of this node has no wire that could be told to be this pod’s.';
}
