import { countFindings } from '../findings/node-finding.ts';
import type { Route } from '../kernel/kernel-snapshot.ts';
import { findNodeRoute } from './find-node-route.ts';
import type { ClusterTopology, InvocationStatistics, NodeTile, NodeTopology } from './topology.ts';

export type ClusterInputs = {
  readonly source: 'lab' | 'kubernetes' | 'none';
  readonly server: string | undefined;
  readonly problem: string | undefined;
  /** What the API server does not let us see, in words. */
  readonly blindSpots?: readonly string[];
  readonly podCount: number;
  readonly unscheduledPods: number;
  readonly nodes: ReadonlyMap<string, { readonly topology: NodeTopology; readonly statistics: InvocationStatistics }>;
};

/**
 * Beyond this many nodes the matrix, which grows with their square, holds only a node's own podCIDR: a tile of 5,000
 * routes is neither drawn nor read.
 */
export const ROUTE_MATRIX_NODES = 100;

/** The cluster view: one tile for each node, counts that add up. */
export function joinClusterTopology(inputs: ClusterInputs): ClusterTopology {
  const podCidrs = [...inputs.nodes].flatMap(([name, { topology }]) =>
    (topology.node.node?.facts?.podCidrs ?? []).map((podCidr) => ({ toNode: name, podCidr })),
  );
  const nodes: Record<string, NodeTile> = {};
  for (const [name, { topology, statistics }] of inputs.nodes) {
    const targets = inputs.nodes.size > ROUTE_MATRIX_NODES ? podCidrs.filter((each) => each.toNode === name) : podCidrs;
    nodes[name] = joinTile({ name, topology, statistics, targets });
  }
  return {
    cluster: {
      cluster: {
        source: inputs.source,
        ...(inputs.server !== undefined && { server: inputs.server }),
        ...(inputs.problem !== undefined && { problem: inputs.problem }),
        ...(inputs.blindSpots?.length && { blindSpots: [...inputs.blindSpots] }),
        nodeCount: inputs.nodes.size,
        podCount: inputs.podCount,
        unscheduledPods: inputs.unscheduledPods,
      },
    },
    nodes,
  };
}

function joinTile(given: {
  readonly name: string;
  readonly topology: NodeTopology;
  readonly statistics: InvocationStatistics;
  readonly targets: readonly { readonly toNode: string; readonly podCidr: string }[];
}): NodeTile {
  const { name, topology, statistics, targets } = given;
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
    pods: countPods(topology),
    pools: head?.pools ?? [],
    invocations: statistics,
    findings: countFindings(head?.findings ?? []),
    routes: targets.map((target) => matrixCell({ name, target, routes, linkName })),
  };
}

function matrixCell(given: {
  readonly name: string;
  readonly target: { readonly toNode: string; readonly podCidr: string };
  readonly routes: readonly Route[] | undefined;
  readonly linkName: (index: number) => string | undefined;
}): NodeTile['routes'][number] {
  const { name, target, routes, linkName } = given;
  const found = findNodeRoute({ ...target, routes, linkName });
  return target.toNode === name ? { ...found, state: 'own' } : found;
}

/** Wired: the kernel shows the interface inside the pod, or the pod needs none (host network). */
function countPods(topology: NodeTopology): NodeTile['pods'] {
  const wiredKeys = new Set<string>();
  for (const each of Object.values(topology.attachments)) {
    if (each.pod !== undefined && each.podLinkIndex !== undefined) wiredKeys.add(each.pod);
  }
  const pods = Object.values(topology.pods);
  return {
    total: pods.length,
    running: pods.filter((pod) => pod.phase === 'Running').length,
    wired: pods.filter((pod) => pod.hostNetwork || wiredKeys.has(pod.key)).length,
    failing: pods.filter((pod) => pod.failedAdds > 0).length,
  };
}
