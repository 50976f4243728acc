import type { FoundProblem } from './node-network-plan.ts';
import type { PeerNode } from './peer-node.ts';

/** Nothing of the node is known: without its podCIDRs there is no network to make. */
export function describeMissingNode(ownNode: string, nodes: readonly PeerNode[]): FoundProblem {
  const names = nodes.map(({ name }) => name);
  return {
    id: `own-node-unknown/${ownNode}`,
    rule: 'own-node-unknown',
    severity: 'error',
    title: `The cluster has no node ${ownNode}; the pod network of this node is left as it is`,
    evidence: [`${names.length} nodes: ${names.slice(0, 10).join(', ')}${names.length > 10 ? ', …' : ''}`],
    remedy: 'Set PODWIRE_NODE to the name that kubectl get nodes shows',
    object: `node ${ownNode}`,
  };
}

/** Empty where it has one. */
export function describeMissingPodCidr({ name, podCidrs }: PeerNode): readonly FoundProblem[] {
  if (podCidrs.length > 0) return [];
  return [
    {
      id: `node-without-pod-cidr/${name}`,
      rule: 'node-without-pod-cidr',
      severity: 'error',
      title: `Node ${name} has no podCIDR; its pods get no address`,
      evidence: [`node ${name}: spec.podCIDRs is empty`],
      remedy:
        'Start kube-controller-manager with --allocate-node-cidrs=true and --cluster-cidr, or check that its range is not used up',
      object: `node ${name}`,
    },
  ];
}

export function describeRefusedNetwork({ name, podCidrs }: PeerNode, reason: string): FoundProblem {
  return {
    id: `network-refused/${name}`,
    rule: 'network-refused',
    severity: 'error',
    title: `The plugin takes no network of ${podCidrs.join(', ')}: ${reason}`,
    evidence: [`node ${name}: podCIDRs ${podCidrs.join(', ')}`],
    object: `node ${name}`,
  };
}

/** @param line of `describeOrder`: a file that a runtime reads before ours */
export function describeOtherNetwork(ownName: string, line: string): FoundProblem {
  return {
    id: `network-not-first/${line}`,
    rule: 'network-not-first',
    severity: 'warning',
    title: `New pods of this node do not get the network of ${ownName}: ${line}`,
    evidence: [line],
    object: `file ${ownName}`,
  };
}

export function describeApiTrouble(server: string, reason: string, isKnown: boolean): FoundProblem {
  return {
    id: `api-unreachable/${server}`,
    rule: 'api-unreachable',
    severity: isKnown ? 'warning' : 'error',
    title: `The agent hears nothing of the cluster's nodes; ${isKnown ? 'the pod network stays as the last answer asked for it' : 'the pod network of this node is left as it is'}`,
    evidence: [reason],
    remedy: 'Check PODWIRE_API_SERVER, its token and CA, and that the ServiceAccount may list and watch nodes',
    object: server,
  };
}

export function describeSwitchedOff(path: string): FoundProblem {
  return {
    id: `network-unmanaged/${path}`,
    rule: 'network-unmanaged',
    severity: 'notice',
    title: 'The agent leaves the pod network of this node alone: podwire uninstall was run here',
    evidence: [path],
    remedy: `podwire install, or rm ${path}`,
    object: `file ${path}`,
  };
}

export function describeUnreadable(reason: string): FoundProblem {
  return {
    id: `network-unreadable/${reason}`,
    rule: 'network-unreadable',
    severity: 'error',
    title: 'A part of the pod network cannot be looked at, and is not kept',
    evidence: [reason],
  };
}
