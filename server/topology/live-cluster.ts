import { createHash } from 'node:crypto';
import type { ClusterFold } from '#model/log/cluster-fold.ts';
import { CLUSTER_STREAM, type LogEntry } from '#model/log/log-entry.ts';
import type { TopologyDelta } from '#model/protocol/live-message.ts';
import { equalJson } from '#model/topology/equal-json.ts';
import { joinClusterHead } from '#model/topology/join-cluster-topology.ts';
import { isMatrix, type RouteTarget } from '#model/topology/join-node-tile.ts';
import type { ClusterTopology, NodeTile } from '#model/topology/topology.ts';
import type { Store } from '../store/store.ts';
import { rebuildCluster, weighEntry } from './rebuild-stream.ts';

const DEBOUNCE_MS = 100;
/** A flush of many tiles waits longer, so that a big cluster costs its browsers no more than a small one. */
const PAUSE_PER_TILE_MS = 1;
const LONGEST_PAUSE_MS = 1_000;
/** In a big cluster: thousands of heartbeats a second are nothing that a browser could draw. */
const FRESHNESS_PAUSE_MS = 10_000;

type Told = (topology: ClusterTopology, delta: TopologyDelta | undefined) => void;

/** The cluster view as its tiles change, one by one: no change of one node looks at all of them. */
export class LiveCluster {
  readonly fold: ClusterFold;
  readonly #store: Store;
  readonly #tell: Told;
  readonly #tiles = new Map<string, NodeTile>();
  readonly #changed = new Set<string>();
  #topology: ClusterTopology;
  #targets: readonly RouteTarget[] = [];
  #areTargetsChanged = false;
  #targetsKey = '';
  #toldFreshMs = 0;
  #podCount = 0;
  #weight: number;
  #timer: NodeJS.Timeout | undefined;
  /** Since it was told last. */
  #hasStirred = false;

  constructor(store: Store, tell: Told) {
    const { fold, weight } = rebuildCluster(store, store.log.lastSeq);
    this.fold = fold;
    this.#weight = weight;
    this.#store = store;
    this.#tell = tell;
    this.#topology = { cluster: { cluster: this.#joinHead() }, nodes: {} };
  }

  get topology(): ClusterTopology {
    return this.#topology;
  }

  /** The podCIDRs of all nodes, in the order of their names. */
  get targets(): readonly RouteTarget[] {
    return this.#targets;
  }

  /** Stands for the podCIDRs that every tile tells the route to. */
  get targetsKey(): string {
    return this.#targetsKey;
  }

  get size(): number {
    return this.#tiles.size;
  }

  /** True where `renewTargets` has something to look at. */
  get isTargetsRenewalDue(): boolean {
    return this.#areTargetsChanged;
  }

  /** True where every node looks different from now on: the watch began, or became whole. */
  apply(entry: LogEntry, bytes: number): boolean {
    const before = this.fold.ask(0);
    this.fold.apply(entry);
    this.#weight += weighEntry(bytes);
    this.#schedule();
    return !equalJson(before, this.fold.ask(0));
  }

  put(tile: NodeTile): void {
    const before = this.#tiles.get(tile.name);
    this.#tiles.set(tile.name, tile);
    this.#podCount += tile.pods.total - (before?.pods.total ?? 0);
    if (before === undefined || !equalJson(before.podCidrs, tile.podCidrs)) this.#areTargetsChanged = true;
    this.#changed.add(tile.name);
    this.#schedule();
  }

  /** False where it was not there. */
  remove(name: string): boolean {
    const before = this.#tiles.get(name);
    if (before === undefined) return false;
    this.#tiles.delete(name);
    this.#podCount -= before.pods.total;
    this.#areTargetsChanged = true;
    this.#changed.add(name);
    this.#schedule();
    return true;
  }

  /** Looks again at the podCIDRs of all nodes where one changed. True where tiles of another `targetsKey` have to be made again. */
  renewTargets(): boolean {
    if (!this.#areTargetsChanged) return false;
    this.#areTargetsChanged = false;
    const names = [...this.#tiles.keys()].sort();
    this.#targets = names.flatMap((toNode) =>
      (this.#tiles.get(toNode)?.podCidrs ?? []).map((podCidr) => ({ toNode, podCidr })),
    );
    const before = this.#targetsKey;
    this.#targetsKey = isMatrix(this.#tiles.size)
      ? createHash('sha256').update(JSON.stringify(this.#targets)).digest('base64')
      : 'own';
    return this.#targetsKey !== before;
  }

  /** Tells what changed since the last time, all of it. */
  flush(): void {
    this.#toldFreshMs = performance.now();
    this.#flush(() => true);
  }

  /** The same, but for tiles of a big cluster of which only the agent's last word is new: those wait for more. */
  #flushNews(): void {
    const isFresh = performance.now() - this.#toldFreshMs >= FRESHNESS_PAUSE_MS;
    if (isMatrix(this.#tiles.size) || isFresh) this.flush();
    else this.#flush((before, after) => before === undefined || after === undefined || isNews(before, after));
  }

  #flush(isTold: (before: NodeTile | undefined, after: NodeTile | undefined) => boolean): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const put: Record<string, NodeTile> = {};
    const gone: string[] = [];
    for (const name of this.#changed) {
      const [before, after] = [this.#topology.nodes[name], this.#tiles.get(name)];
      if (!isTold(before, after)) continue;
      this.#changed.delete(name);
      if (after === undefined && before !== undefined) gone.push(name);
      if (after !== undefined && !equalJson(before, after)) put[name] = after;
    }
    const head = this.#joinHead();
    const isHeadNew = !equalJson(head, this.#topology.cluster.cluster);
    const isPut = Object.keys(put).length > 0;
    const hasStirred = this.#hasStirred;
    this.#hasStirred = false;
    if (!isHeadNew && !isPut && gone.length === 0) {
      if (hasStirred) this.#tell(this.#topology, undefined);
      return;
    }
    const nodes = { ...this.#topology.nodes, ...put };
    for (const name of gone) delete nodes[name];
    this.#topology = { cluster: { cluster: head }, nodes };
    this.#tell(this.#topology, {
      put: { ...(isHeadNew && { cluster: { cluster: head } }), ...(isPut && { nodes: put }) },
      remove: gone.length > 0 ? { nodes: gone } : {},
    });
  }

  /** A checkpoint of the cluster's stream, where it grew by `weight` since the last. */
  saveCheckpoint(weight: number): void {
    if (this.#weight < weight) return;
    const checkpoint = { seq: this.fold.seq, receivedMs: this.fold.lastMs, text: JSON.stringify(this.fold.save()) };
    this.#store.transact(() => this.#store.checkpoints.save(CLUSTER_STREAM, checkpoint));
    this.#weight = 0;
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #joinHead() {
    return joinClusterHead(this.fold.head(), { nodeCount: this.#tiles.size, podCount: this.#podCount });
  }

  #schedule(): void {
    this.#hasStirred = true;
    const pauseMs = Math.min(LONGEST_PAUSE_MS, Math.max(DEBOUNCE_MS, this.#changed.size * PAUSE_PER_TILE_MS));
    this.#timer ??= setTimeout(() => this.#flushNews(), pauseMs);
  }
}

/** True where more is new than when the agent was last heard. */
function isNews(before: NodeTile, after: NodeTile): boolean {
  if (before.agent.state !== after.agent.state) return true;
  return !equalJson(before, { ...after, agent: before.agent });
}
