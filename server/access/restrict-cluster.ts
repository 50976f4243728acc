import type { Finding } from '#model/findings/finding.ts';
import { countFindings } from '#model/findings/node-finding.ts';
import type { RecentInvocations } from '#model/log/recent-invocations.ts';
import { type PodShares, sumShares } from '#model/topology/join-node-tile.ts';
import type { ClusterTopology, NodeTile } from '#model/topology/topology.ts';
import { type Scope, seesPodsOf } from '../auth/scope.ts';
import { restrictFindings } from './restrict-findings.ts';
import { describeOmission, seesOwner, seesPod } from './sees-owner.ts';

/** What a node's tile is counted from. */
export type NodeShare = {
  readonly name: string;
  readonly shares: PodShares;
  readonly recent: Pick<RecentInvocations, 'count' | 'measure'>;
  readonly findings: readonly Finding[];
};

/** The whole cluster view, and what it takes to count only a part of it. */
export type SharedCluster = {
  readonly topology: ClusterTopology;
  readonly nodes: ReadonlyMap<string, NodeShare>;
  /** Keys of pods without a node. */
  readonly unscheduled: Iterable<string>;
  readonly atMs: number;
};

type KnownTile = { readonly made: readonly unknown[]; readonly tile: NodeTile | undefined };

/** Makes the cluster view of one scope again and again, as it changes: tiles of nodes that stayed as they were stay. */
export class ClusterRestriction {
  readonly #scope: Scope;
  readonly #known = new Map<string, KnownTile>();

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  read({ topology, nodes, unscheduled, atMs }: SharedCluster): ClusterTopology {
    const head = topology.cluster.cluster;
    if (head === undefined) return { ...topology, nodes: {} };
    const scope = this.#scope;
    const tiles: Record<string, NodeTile> = {};
    let podCount = 0;
    for (const [name, whole] of Object.entries(topology.nodes)) {
      const tile = this.#readTile(whole, nodes.get(name), atMs);
      if (tile === undefined) continue;
      tiles[name] = tile;
      podCount += tile.pods.total;
    }
    for (const name of this.#known.keys()) if (topology.nodes[name] === undefined) this.#known.delete(name);
    let unscheduledPods = 0;
    for (const key of unscheduled) if (seesPod(scope, key)) unscheduledPods += 1;
    const nodeCount = Object.keys(tiles).length;
    podCount += unscheduledPods;
    const omission = { pods: Math.max(0, head.podCount - podCount), nodes: Math.max(0, head.nodeCount - nodeCount) };
    return {
      cluster: {
        cluster: {
          source: head.source,
          ...(scope.seesNodes && head.server !== undefined && { server: head.server }),
          // The API server's own words name what it was asked for.
          ...(head.problem !== undefined && { problem: 'The Kubernetes API does not answer as it should.' }),
          ...(head.blindSpots !== undefined && { blindSpots: ['Of what you may see, some may be missing.'] }),
          ...{ nodeCount, podCount, unscheduledPods },
          omitted: describeOmission(scope, omission),
        },
      },
      nodes: tiles,
    };
  }

  #readTile(whole: NodeTile, share: NodeShare | undefined, atMs: number): NodeTile | undefined {
    if (share === undefined) return undefined;
    const made = [whole, share.shares, share.recent, share.recent.count, share.findings];
    const known = this.#known.get(whole.name);
    if (known?.made.every((part, place) => part === made[place])) return known.tile;
    const tile = restrictTile(whole, share, { scope: this.#scope, atMs });
    this.#known.set(whole.name, { made, tile });
    return tile;
  }
}

/** Counts of the pods that may be seen; facts of the node with `seesNodes` only. `undefined`: not even its name. */
function restrictTile(
  whole: NodeTile,
  { shares, recent, findings }: NodeShare,
  { scope, atMs }: { readonly scope: Scope; readonly atMs: number },
): NodeTile | undefined {
  const seen = Object.entries(shares).filter(([namespace]) => seesPodsOf(scope, namespace));
  const pods = sumShares(seen.map(([, share]) => share));
  const invocations = recent.measure(atMs, (owner) => seesOwner(scope, owner));
  if (scope.seesNodes) {
    return { ...whole, pods, invocations, findings: countFindings(restrictFindings(findings, scope)) };
  }
  if (pods.total === 0) return undefined;
  return {
    name: whole.name,
    isNameOnly: true,
    agent: { state: whole.agent.state },
    ...{ pods, invocations, findings: countFindings([]) },
    ...{ internalIps: [], podCidrs: [], roles: [], pools: [], routes: [] },
  };
}
