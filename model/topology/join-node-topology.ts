import type { Drift } from '../agent/drift.ts';
import type { ClusterNode, ClusterPod } from '../cluster/cluster-facts.ts';
import type { Finding } from '../findings/finding.ts';
import type { KernelSnapshot, NetworkNamespace } from '../kernel/kernel-snapshot.ts';
import type { InvocationFold } from './fold-invocation.ts';
import { indexKernelRecords } from './index-kernel-records.ts';
import { matchAttachments, podKeyOf } from './match-attachments.ts';
import { measurePools } from './measure-pools.ts';
import type { AgentState, Attachment, NodeTopology, PodKey, TopologyNamespace, TopologyPod } from './topology.ts';

export type NodeInputs = {
  readonly name: string;
  /** Absent: the cluster does not know this node. */
  readonly facts: ClusterNode | undefined;
  /** Pods that Kubernetes gave to this node. */
  readonly pods: readonly ClusterPod[];
  readonly snapshot: KernelSnapshot | undefined;
  readonly invocations: InvocationFold;
  readonly agent: AgentState;
  readonly findings: readonly Finding[];
  /** Newest first. */
  readonly drifts: readonly Drift[];
  /** True where a cluster is watched, so that a missing node is worth a word. */
  readonly hasCluster: boolean;
};

/** Everything known of one node, joined. The same inputs always give an equal topology. */
export function joinNodeTopology(inputs: NodeInputs): NodeTopology {
  const namespaces = inputs.snapshot?.namespaces ?? [];
  const match = matchAttachments({ pods: inputs.pods, snapshot: inputs.snapshot, active: inputs.invocations.active });
  const attachments = Object.fromEntries(match.attachments.map((each) => [each.id, each]));
  return {
    node: {
      node: {
        name: inputs.name,
        ...(inputs.facts !== undefined && { facts: inputs.facts }),
        agent: inputs.agent,
        pools: measureNodePools(inputs, namespaces, match.attachments),
        problems: [...listProblems(inputs), ...match.problems],
        findings: [...inputs.findings],
        drifts: [...inputs.drifts],
      },
    },
    pods: Object.fromEntries(inputs.pods.map((pod) => [podKeyOf(pod), joinPod(pod, inputs.invocations)])),
    attachments,
    namespaces: Object.fromEntries(namespaces.map((each) => [each.id, joinNamespace(each, match.attachments)])),
    ...indexKernelRecords(namespaces),
  };
}

function joinPod(pod: ClusterPod, invocations: InvocationFold): TopologyPod {
  const key = podKeyOf(pod);
  const history = invocations.pods.get(key);
  // The history of an earlier pod of the same name is not this one's.
  const isSame = history !== undefined && (history.podUid === undefined || history.podUid === pod.uid);
  return {
    ...pod,
    key,
    ...(isSame && history.lastAdd !== undefined && { lastAdd: history.lastAdd }),
    ...(isSame && history.lastDel !== undefined && { lastDel: history.lastDel }),
    failedAdds: isSame ? history.failedAdds : 0,
  };
}

function joinNamespace(namespace: NetworkNamespace, attachments: readonly Attachment[]): TopologyNamespace {
  const pods = new Set<PodKey>();
  for (const each of attachments) {
    if (each.namespaceId === namespace.id && each.pod !== undefined) pods.add(each.pod);
  }
  const [pod] = pods;
  return {
    id: namespace.id,
    names: namespace.names,
    kind: namespace.kind,
    ...(pods.size === 1 && pod !== undefined && { pod }),
    sysctls: namespace.sysctls,
    ...(namespace.netfilter !== undefined && { netfilter: namespace.netfilter }),
    ...pickHooks(namespace),
  };
}

/** Hardly any namespace has some, and a node has hundreds of them. */
function pickHooks({ trafficControl, bpf, bridgeVlans = [], wireguard = [] }: NetworkNamespace) {
  const hasPrograms = (bpf?.programs.length ?? 0) > 0 || bpf?.problem !== undefined;
  return {
    ...((trafficControl?.qdiscs.length ?? 0) > 0 && { trafficControl }),
    ...(hasPrograms && { bpf }),
    ...(bridgeVlans.length > 0 && { bridgeVlans }),
    ...(wireguard.length > 0 && { wireguard }),
  };
}

function measureNodePools(
  inputs: NodeInputs,
  namespaces: readonly NetworkNamespace[],
  attachments: readonly Attachment[],
) {
  const inPods = namespaces.filter((each) => each.kind === 'pod').flatMap((each) => each.addresses);
  const onHost = namespaces.filter((each) => each.kind === 'root').flatMap((each) => each.addresses);
  const reported = attachments.flatMap((each) => each.reported?.addresses ?? []);
  return measurePools({
    podCidrs: inputs.facts?.podCidrs ?? [],
    addresses: [...inPods.map((each) => each.prefix), ...reported],
    gateways: onHost.map((each) => each.prefix),
  });
}

function listProblems(inputs: NodeInputs): string[] {
  if (!inputs.hasCluster) return [];
  if (inputs.facts === undefined) {
    return [`The agent of ${inputs.name} reports, but the cluster has no node of this name.`];
  }
  if (inputs.agent.state === 'never') {
    return [`No agent has reported from ${inputs.name}: its kernel state is unknown.`];
  }
  return [];
}
