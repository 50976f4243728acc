import { chooseTargets, joinNodeTile, type RouteTarget, sharePods } from './join-node-tile.ts';
import type { ClusterTopology, InvocationStatistics, NodeTile, NodeTopology } from './topology.ts';

/** What is known of the watch, and of pods without a node. */
export type ClusterHead = {
  readonly source: 'lab' | 'kubernetes' | 'none';
  readonly server?: string | undefined;
  readonly problem?: string | undefined;
  readonly blindSpots?: readonly string[] | undefined;
  readonly unscheduledPods: number;
};

export type JoinedNode = { readonly topology: NodeTopology; readonly statistics: InvocationStatistics };

/** The cluster view: one tile for each node, counts that add up. */
export function joinClusterTopology(head: ClusterHead, nodes: ReadonlyMap<string, JoinedNode>): ClusterTopology {
  const names = [...nodes.keys()].sort();
  const targets: readonly RouteTarget[] = names.flatMap((toNode) =>
    (nodes.get(toNode)?.topology.node.node?.facts?.podCidrs ?? []).map((podCidr) => ({ toNode, podCidr })),
  );
  const tiles: Record<string, NodeTile> = {};
  let podCount = 0;
  for (const [name, joined] of nodes) {
    const shares = sharePods(joined.topology);
    const tile = joinNodeTile({ name, ...joined, shares, targets: chooseTargets(name, targets, nodes.size) });
    podCount += tile.pods.total;
    tiles[name] = tile;
  }
  return { cluster: { cluster: joinClusterHead(head, { nodeCount: nodes.size, podCount }) }, nodes: tiles };
}

/** The head of the view; `podCount` counts the pods of its nodes. */
export function joinClusterHead(
  head: ClusterHead,
  counts: { readonly nodeCount: number; readonly podCount: number },
): NonNullable<ClusterTopology['cluster']['cluster']> {
  return {
    source: head.source,
    ...(head.server !== undefined && { server: head.server }),
    ...(head.problem !== undefined && { problem: head.problem }),
    ...(head.blindSpots !== undefined && head.blindSpots.length > 0 && { blindSpots: [...head.blindSpots] }),
    nodeCount: counts.nodeCount,
    podCount: counts.podCount + head.unscheduledPods,
    unscheduledPods: head.unscheduledPods,
  };
}
