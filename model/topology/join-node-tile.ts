import { countFindings } from '../findings/node-finding.ts';
import type { Route } from '../kernel/kernel-snapshot.ts';
import { findNodeRoute } from './find-node-route.ts';
import { namespaceOf } from './invocation-owner.ts';
import type { InvocationStatistics, NodeTile, NodeTopology } from './topology.ts';

export type RouteTarget = { readonly toNode: string; readonly podCidr: string };

/**
 * Beyond this many nodes the matrix, which grows with their square, holds only a node's own podCIDR: a tile of 5,000
 * routes is neither drawn nor read.
 */
const ROUTE_MATRIX_NODES = 100;

/** The podCIDRs that a node's tile tells the route to; `targets` are those of all nodes, `nodeCount` of them. */
export const chooseTargets = (name: string, targets: readonly RouteTarget[], nodeCount: number) =>
  nodeCount > ROUTE_MATRIX_NODES ? targets.filter((each) => each.toNode === name) : targets;

/** True where the number of nodes decides otherwise than before. */
export const isMatrix = (nodeCount: number): boolean => nodeCount <= ROUTE_MATRIX_NODES;

/** A node of the cluster view. */
export function joinNodeTile(given: {
  readonly name: string;
  readonly topology: NodeTopology;
  readonly shares: PodShares;
  readonly statistics: InvocationStatistics;
  readonly targets: readonly RouteTarget[];
}): NodeTile {
  const { name, topology, shares, statistics, targets } = given;
  const head = topology.node.node;
  const root = Object.values(topology.namespaces).find((each) => each.kind === 'root');
  const routes = root && Object.values(topology.routes).filter((each) => each.namespaceId === root.id);
  const linkName = (index: number) => (root ? topology.links[`${root.id}/${index}`]?.name : undefined);
  return {
    name,
    ...(head?.facts?.ready !== undefined && { ready: head.facts.ready }),
    internalIps: head?.facts?.internalIps ?? [],
    podCidrs: head?.facts?.podCidrs ?? [],
    roles: head?.facts?.roles ?? [],
    agent: head?.agent ?? { state: 'never' },
    pods: sumShares(Object.values(shares)),
    pools: head?.pools ?? [],
    invocations: statistics,
    findings: countFindings(head?.findings ?? []),
    routes: targets.map((target) => matrixCell({ name, target, routes, linkName })),
  };
}

function matrixCell(given: {
  readonly name: string;
  readonly target: RouteTarget;
  readonly routes: readonly Route[] | undefined;
  readonly linkName: (index: number) => string | undefined;
}): NodeTile['routes'][number] {
  const { name, target, routes, linkName } = given;
  const found = findNodeRoute({ ...target, routes, linkName });
  return target.toNode === name ? { ...found, state: 'own' } : found;
}

/** Pods of a node by their namespace. */
export type PodShares = Readonly<Record<string, NodeTile['pods']>>;

/** Wired: the kernel shows the interface inside the pod, or the pod needs none (host network). */
export function sharePods(topology: NodeTopology): PodShares {
  const wiredKeys = new Set<string>();
  for (const each of Object.values(topology.attachments)) {
    if (each.pod !== undefined && each.podLinkIndex !== undefined) wiredKeys.add(each.pod);
  }
  const shares: Record<string, NodeTile['pods']> = {};
  for (const pod of Object.values(topology.pods)) {
    const namespace = namespaceOf(pod.key);
    shares[namespace] ??= { total: 0, running: 0, wired: 0, failing: 0 };
    const share = shares[namespace];
    share.total += 1;
    if (pod.phase === 'Running') share.running += 1;
    if (pod.hostNetwork || wiredKeys.has(pod.key)) share.wired += 1;
    if (pod.failedAdds > 0) share.failing += 1;
  }
  return shares;
}

/** The pods of several namespaces together. */
export function sumShares(shares: readonly NodeTile['pods'][]): NodeTile['pods'] {
  const sum = { total: 0, running: 0, wired: 0, failing: 0 };
  for (const { total, running, wired, failing } of shares) {
    sum.total += total;
    sum.running += running;
    sum.wired += wired;
    sum.failing += failing;
  }
  return sum;
}
