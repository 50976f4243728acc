import type { KernelSnapshot } from '#model/kernel/kernel-snapshot.ts';
import type { ClusterFold } from '#model/log/cluster-fold.ts';
import type { AgentFacts } from '#model/log/fold-agent.ts';
import { CLUSTER_STREAM } from '#model/log/log-entry.ts';
import type { AskedTime } from '#model/log/node-fold.ts';
import { diffTopology, isEmptyDelta } from '#model/topology/diff-topology.ts';
import { chooseTargets, joinNodeTile, sharePods } from '#model/topology/join-node-tile.ts';
import type { ClusterTopology, InvocationSummary, NodeTopology } from '#model/topology/topology.ts';
import type { Recorded } from '../collector/log-recorder.ts';
import type { Store } from '../store/store.ts';
import { type FoldLimits, USUAL_LIMITS } from './fold-limits.ts';
import type { FoldListener } from './fold-listener.ts';
import { LiveCluster } from './live-cluster.ts';
import { countRecords, type LiveNode, type LiveSummary, listWires } from './live-node.ts';
import { NodeKeeper } from './node-keeper.ts';
import { weighEntry } from './rebuild-stream.ts';

/** Gathers the changes of a burst, an ADD's dozen notifications, into one recomputation. */
const NODE_DEBOUNCE_MS = 15;
/** Nodes that nobody watches get this share of the time, and are looked at this often at least. */
const UNWATCHED_SHARE = 0.3;
const LONGEST_PAUSE_MS = 1_000;
const SLICE_MS = 10;
/** A read of the cluster waits this long for nodes that have to be read from the store first. */
const READ_BUDGET_MS = 200;
const CHECKPOINT_BUDGET_MS = 10;
/**
 * The live topology: the fold of the log as it grows, and word to listeners of what changed. It is fed by `apply` only. Of
 * every node it keeps a summary; whole folds are read from the store when somebody needs them.
 */
export class TopologyFold {
  readonly #keeper: NodeKeeper;
  readonly #cluster: LiveCluster;
  readonly #dirty = new Set<LiveNode>();
  readonly #listeners = new Set<FoldListener>();
  readonly #clock: () => Date;
  readonly #checkpointWeight: number;
  #timer: NodeJS.Timeout | undefined;
  #next: NodeJS.Immediate | undefined;
  #unwatchedFromMs = 0;
  #passMs = 0;

  constructor(parts: { readonly store: Store; readonly clock: () => Date; readonly limits?: FoldLimits | undefined }) {
    const { checkpointWeight, heldRecords } = parts.limits ?? USUAL_LIMITS;
    this.#checkpointWeight = checkpointWeight;
    this.#clock = parts.clock;
    this.#keeper = new NodeKeeper(parts.store, heldRecords);
    this.#cluster = new LiveCluster(parts.store, (topology, delta) => {
      for (const listener of this.#listeners) listener.clusterChanged(topology, delta);
    });
    for (const node of this.#keeper.nodes()) {
      if (node.tile !== undefined) this.#cluster.put(node.tile);
    }
    this.#markAged();
    this.flush();
  }

  listen(listener: FoldListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What was written to the log, in its order. */
  apply(recorded: readonly Recorded[]): void {
    const arrived = new Map<string, InvocationSummary[]>();
    for (const { entry, bytes, summary } of recorded) {
      const { stream } = entry;
      if (stream === CLUSTER_STREAM) {
        if (this.#cluster.apply(entry, bytes)) this.#markAll();
        continue;
      }
      const node = this.#keeper.ensure(stream);
      node.apply(entry, summary);
      node.weight += weighEntry(bytes);
      this.#mark(node);
      if (summary === undefined) continue;
      const summaries = arrived.get(stream);
      if (summaries === undefined) arrived.set(stream, [summary]);
      else summaries.push(summary);
    }
    for (const [node, summaries] of arrived) {
      for (const listener of this.#listeners) listener.invocationsArrived(node, summaries);
    }
  }

  /** A node's stream was removed from the log: nothing of it is held any more. */
  drop(name: string): void {
    const node = this.#keeper.drop(name);
    if (node === undefined) return;
    this.#dirty.delete(node);
    this.#remove(node);
  }

  /** What is known of a node's agent, up to the newest entry. */
  agent(name: string): AgentFacts {
    const node = this.#keeper.find(name);
    if (node === undefined) return {};
    if (node.isUncertain) this.#keeper.hydrate(node);
    return node.agent;
  }

  /** Time passes without a word: agents turn stale, the statistics' window moves on. Call about once a second. */
  tick(): void {
    this.#markAged();
    this.#keeper.saveSummaries((node) => this.#dirty.has(node));
  }

  /** Writes checkpoints that are due, a few: call it often. Throws where the store cannot be written. */
  saveCheckpoints(): void {
    this.#cluster.saveCheckpoint(this.#checkpointWeight);
    this.#keeper.saveCheckpoints(this.#checkpointWeight, CHECKPOINT_BUDGET_MS);
  }

  node(name: string): NodeTopology | undefined {
    const node = this.#keeper.find(name);
    if (node === undefined) return undefined;
    this.#keeper.hydrate(node);
    if (node.topology === undefined || this.#dirty.has(node)) this.#recompute(node);
    return node.topology;
  }

  kernel(name: string): KernelSnapshot | undefined {
    const node = this.#keeper.find(name);
    return node && this.#keeper.hydrate(node).snapshot;
  }

  cluster(): ClusterTopology {
    this.flush();
    return this.#cluster.topology;
  }

  /** The cluster's services, endpoint slices and pods without a node, as the watch last told them. */
  clusterFacts(): Pick<ClusterFold, 'services' | 'endpointSlices' | 'unscheduled'> {
    return this.#cluster.fold;
  }

  /** Every node's summary: findings, the words that its pods are found by, and what its tile is counted from. */
  *summaries(): Generator<LiveSummary> {
    this.flush();
    yield* this.told();
  }

  /** The same as they were told last: nothing is recomputed, so it may be asked while a change is told. */
  *told(): Generator<LiveSummary> {
    for (const node of this.#keeper.nodes()) if (node.tile !== undefined) yield node;
  }

  /** Recomputes what is due now, so that a read after a write sees it. */
  flush(): void {
    const untilMs = performance.now() + READ_BUDGET_MS;
    do {
      if (this.#cluster.renewTargets()) this.#markRoutes();
      for (const node of [...this.#dirty]) {
        const isAtHand = node.fold !== undefined || !node.isChanged;
        if (isAtHand || performance.now() < untilMs) this.#recompute(node);
      }
    } while ((this.#dirty.size > 0 || this.#cluster.isTargetsRenewalDue) && performance.now() < untilMs);
    this.#cluster.flush();
  }

  close(): void {
    this.#listeners.clear();
    this.flush();
    clearTimeout(this.#timer);
    clearImmediate(this.#next);
    this.#keeper.saveSummaries(() => false);
    this.#cluster.close();
  }

  #ask(): AskedTime {
    return this.#cluster.fold.ask(this.#clock().getTime());
  }

  #mark(node: LiveNode): void {
    this.#dirty.add(node);
    this.#schedule(NODE_DEBOUNCE_MS);
  }

  #markAll(): void {
    for (const node of this.#keeper.nodes()) this.#mark(node);
  }

  /** Tiles tell the routes to all podCIDRs, and those are others now. */
  #markRoutes(): void {
    for (const node of this.#keeper.nodes()) {
      if (node.targetsKey === this.#cluster.targetsKey) continue;
      node.isChanged = true;
      this.#mark(node);
    }
  }

  #markAged(): void {
    const asked = this.#ask();
    for (const node of this.#keeper.nodes()) if (node.isChanged || node.isAged(asked)) this.#mark(node);
  }

  #schedule(afterMs: number): void {
    if (this.#timer !== undefined || this.#next !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#pass(performance.now());
    }, afterMs);
  }

  /** Watched nodes at once, the others as far as their share of the time goes; never long in one piece. Ends what was to go on. */
  #pass(beganMs: number): void {
    clearImmediate(this.#next);
    this.#next = undefined;
    const mayWait = beganMs < this.#unwatchedFromMs;
    let isCut = false;
    for (const node of [...this.#dirty]) {
      if (mayWait && !this.#isWatched(node)) continue;
      if (performance.now() - beganMs > SLICE_MS) {
        isCut = true;
        break;
      }
      this.#recompute(node);
    }
    if (this.#cluster.renewTargets()) this.#markRoutes();
    this.#rest(performance.now() - beganMs, { isCut, mayWait });
  }

  #rest(tookMs: number, pass: { readonly isCut: boolean; readonly mayWait: boolean }): void {
    if (!pass.mayWait) this.#passMs += tookMs;
    if (pass.isCut) {
      this.#next = setImmediate(() => this.#pass(performance.now()));
      return;
    }
    if (!pass.mayWait) {
      const pauseMs = Math.min(LONGEST_PAUSE_MS, this.#passMs / UNWATCHED_SHARE - this.#passMs);
      this.#unwatchedFromMs = performance.now() + pauseMs;
      this.#passMs = 0;
    }
    if (this.#dirty.size > 0) this.#schedule(NODE_DEBOUNCE_MS);
  }

  #recompute(node: LiveNode): void {
    this.#dirty.delete(node);
    const asked = this.#ask();
    // Of a node in somebody's view time alone is news: the topology has the agent's state, which the tile has too.
    if (node.isChanged || this.#isWatched(node)) this.#keeper.hydrate(node);
    if (node.fold === undefined) this.#age(node, asked);
    else this.#join(node, asked);
    node.isChanged = false;
    node.expiresMs = node.recent.expiresMs(asked.atMs);
  }

  #isWatched(node: LiveNode): boolean {
    for (const listener of this.#listeners) if (listener.isWatching?.(node.name) === true) return true;
    return false;
  }

  /** Nothing has changed but the time, and what the agent says of itself and finds wrong. */
  #age(node: LiveNode, asked: AskedTime): void {
    const before = node.tile;
    node.tile = before !== undefined && node.isVisible(asked) ? node.ageTile(before, asked) : undefined;
    if (before === undefined && node.isVisible(asked)) {
      this.#keeper.hydrate(node);
      this.#join(node, asked);
    } else if (node.tile === undefined) this.#remove(node);
    else {
      for (const listener of this.#listeners) listener.findingsChanged?.(node.name, node.findings);
      this.#cluster.put(node.tile);
    }
  }

  #join(node: LiveNode, asked: AskedTime): void {
    const before = node.topology;
    const after = node.fold?.topology(asked);
    node.topology = after;
    if (after === undefined) {
      node.tile = undefined;
      this.#remove(node);
      return;
    }
    node.targetsKey = this.#cluster.targetsKey;
    const targets = chooseTargets(node.name, this.#cluster.targets, this.#cluster.size);
    const statistics = node.recent.measure(asked.atMs);
    node.share(sharePods(after));
    node.tile = joinNodeTile({ name: node.name, topology: after, shares: node.shares, statistics, targets });
    node.wires = listWires(after);
    for (const listener of this.#listeners) listener.findingsChanged?.(node.name, node.findings);
    if (before?.links !== after.links) this.#keeper.account(node, countRecords(after));
    this.#cluster.put(node.tile);
    const delta = before && diffTopology(before, after);
    if (delta !== undefined && isEmptyDelta(delta)) {
      node.topology = before;
      return;
    }
    for (const listener of this.#listeners) listener.nodeChanged(node.name, after, delta);
  }

  #remove(node: LiveNode): void {
    node.topology = undefined;
    if (!this.#cluster.remove(node.name)) return;
    for (const listener of this.#listeners) listener.nodeChanged(node.name, undefined, undefined);
    for (const listener of this.#listeners) listener.findingsChanged?.(node.name, []);
  }
}
