import type { Drift } from '#model/agent/drift.ts';
import type { NodeTopology, TopologyNamespace, TopologyPod } from '#model/topology/topology.ts';
import { type Scope, seesEverything } from '../auth/scope.ts';
import { findNodeSight, type NodeSight, namesOnlyKnown } from './node-sight.ts';
import { isFreeOf, listHiddenWords, restrictFindings } from './restrict-findings.ts';
import { restrictSummary } from './restrict-invocation.ts';
import { restrictKernel } from './restrict-kernel.ts';
import { restrictNetfilter } from './restrict-netfilter.ts';
import { describeOmission, seesPod } from './sees-owner.ts';

/**
 * A node as somebody may see it: pods of their namespaces with all that is theirs, and with `seesNodes` what is the node's own.
 * `undefined` where they may not see nodes and none of their pods is on it: then it is to be as if it were not there. What
 * cannot be placed is left out, and how many pods are is said.
 */
export function restrictNode(topology: NodeTopology, scope: Scope): NodeTopology | undefined {
  if (seesEverything(scope)) return topology;
  const all = Object.values(topology.pods);
  const pods = all.filter(({ key }) => seesPod(scope, key));
  if (!scope.seesNodes && pods.length === 0) return undefined;
  const sight = findNodeSight(topology, scope);
  return {
    node: restrictHead(topology, { scope, sight, hiddenPods: all.length - pods.length }),
    pods: Object.fromEntries(pods.map((pod) => [pod.key, restrictPod(pod, scope)])),
    attachments: Object.fromEntries(sight.attachments.map((each) => [each.id, each])),
    namespaces: restrictNamespaces(topology, sight),
    ...restrictKernel(topology, sight),
  };
}

function restrictHead(
  topology: NodeTopology,
  { scope, sight, hiddenPods }: { readonly scope: Scope; readonly sight: NodeSight; readonly hiddenPods: number },
): NodeTopology['node'] {
  const head = topology.node.node;
  if (head === undefined) return topology.node;
  const omitted = describeOmission(scope, { pods: hiddenPods });
  if (!scope.seesNodes) {
    // Whether the agent speaks is kept: a pod's wires are as old as its last word, and who sees them has to know.
    const { name, agent } = head;
    const bare = { pools: [], problems: [], findings: [], drifts: [] };
    return { node: { name, agent: { state: agent.state }, ...bare, omitted } };
  }
  const hidden = listHiddenWords(topology, scope);
  return {
    node: {
      ...head,
      problems: head.problems.filter((text) => isFreeOf(hidden, text)),
      findings: [...restrictFindings(head.findings, scope)],
      drifts: head.drifts.map((drift) => restrictDrift(drift, { sight, hidden })),
      omitted,
    },
  };
}

/** What the agent put right is the node's, but a drift outlives what it was about: words that nobody can place any more go. */
function restrictDrift(
  drift: Drift,
  { sight, hidden }: { readonly sight: NodeSight; readonly hidden: ReadonlySet<string> },
): Drift {
  const { object, command, error, ...rest } = drift;
  const isSeen = (text: string) => isFreeOf(hidden, text) && namesOnlyKnown(sight, text);
  return {
    ...rest,
    object: isSeen(object) ? object : '(not shown)',
    ...(command !== undefined && isSeen(command) && { command }),
    ...(error !== undefined && isSeen(error) && { error }),
  };
}

/** Its invocations name no other pod, but an error may name another container. */
function restrictPod(pod: TopologyPod, scope: Scope): TopologyPod {
  const lastAdd = pod.lastAdd && restrictSummary(pod.lastAdd, scope);
  const lastDel = pod.lastDel && restrictSummary(pod.lastDel, scope);
  return lastAdd === pod.lastAdd && lastDel === pod.lastDel ? pod : { ...pod, lastAdd, lastDel };
}

function restrictNamespaces({ namespaces }: NodeTopology, sight: NodeSight): NodeTopology['namespaces'] {
  const seen: NodeTopology['namespaces'] = {};
  for (const [id, namespace] of Object.entries(namespaces)) {
    if (sight.podNamespaces.has(id)) seen[id] = namespace;
    else if (id === sight.rootId) seen[id] = restrictRoot(namespace, sight);
  }
  return seen;
}

const LINK_SETTING = /^net\.ipv[46]\.(?:conf|neigh)\.(.+)\.[^.]+$/;

/** Settings are named after links, `net.ipv4.conf.veth1.rp_filter`. */
function restrictRoot({ id, kind, sysctls, netfilter }: TopologyNamespace, sight: NodeSight): TopologyNamespace {
  const isSeen = (setting: string): boolean => {
    const link = LINK_SETTING.exec(setting)?.[1];
    if (link === undefined || link === 'all' || link === 'default') return sight.seesNodes;
    return sight.rootLinkNames.has(link);
  };
  return {
    id,
    kind,
    names: [],
    sysctls: Object.fromEntries(Object.entries(sysctls).filter(([setting]) => isSeen(setting))),
    ...(sight.seesNodes && netfilter !== undefined && { netfilter: restrictNetfilter(netfilter, sight) }),
  };
}
