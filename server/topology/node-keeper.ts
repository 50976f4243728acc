import { CLUSTER_STREAM } from '#model/log/log-entry.ts';
import type { NodeFold } from '#model/log/node-fold.ts';
import { parseKept } from '../store/encode-body.ts';
import type { Store } from '../store/store.ts';
import { LiveNode, type NodeSummary } from './live-node.ts';
import { rebuildNode } from './rebuild-stream.ts';

/** So many summaries are written at a time. */
const SAVED_SUMMARIES = 1_000;
/** Every summary is on disk up to this place. */
const SUMMARIES_MARK = 'summaries_seq';
/** What the log says beyond the summaries is folded at the start for so long; the rest when it is asked for. */
const RESTORE_BUDGET_MS = 500;

/** All nodes of the log: summaries in memory, whole folds for those in use, the rest in the store. */
export class NodeKeeper {
  readonly #store: Store;
  readonly #heldRecords: number;
  readonly #nodes = new Map<string, LiveNode>();
  /** Least recently used first. */
  readonly #hydrated = new Set<LiveNode>();
  #records = 0;

  constructor(store: Store, heldRecords: number) {
    this.#store = store;
    this.#heldRecords = heldRecords;
    const touched = store.log.listTouched(store.readMark(SUMMARIES_MARK) ?? 0);
    const untilMs = performance.now() + RESTORE_BUDGET_MS;
    for (const { name, seq, text } of store.streams.listSummaries()) {
      if (name === CLUSTER_STREAM) continue;
      const node = new LiveNode(name, seq, text === undefined ? undefined : parseKept<NodeSummary>(text));
      this.#nodes.set(name, node);
      const newest = touched.get(name) ?? 0;
      if (newest > seq) this.#catchUp(node, newest, performance.now() < untilMs);
    }
  }

  nodes(): Iterable<LiveNode> {
    return this.#nodes.values();
  }

  find(name: string): LiveNode | undefined {
    return this.#nodes.get(name);
  }

  /** A stream that the log did not have before begins empty. */
  ensure(name: string): LiveNode {
    const known = this.#nodes.get(name);
    if (known !== undefined) return known;
    const node = new LiveNode(name);
    this.#nodes.set(name, node);
    this.hydrate(node);
    return node;
  }

  /** Answers what was held of a node whose stream is gone. */
  drop(name: string): LiveNode | undefined {
    const node = this.#nodes.get(name);
    if (node === undefined) return undefined;
    this.#nodes.delete(name);
    this.#hydrated.delete(node);
    this.#records -= node.records;
    return node;
  }

  /** The whole fold of a node, read from the store where it is not at hand. */
  hydrate(node: LiveNode): NodeFold {
    this.#hydrated.delete(node);
    this.#hydrated.add(node);
    if (node.fold !== undefined) return node.fold;
    const { fold, weight } = rebuildNode(this.#store, node.name, node.seq);
    node.takeFold(fold);
    node.weight = weight;
    node.lastMs = Math.max(node.lastMs, fold.lastMs);
    return fold;
  }

  /** Counts what a node holds now, and lets go of those that were not used for longest where it is too much. */
  account(node: LiveNode, records: number): void {
    this.#records += records - node.records;
    node.records = records;
    for (const oldest of this.#hydrated) {
      if (this.#records <= this.#heldRecords || oldest === node) return;
      this.#hydrated.delete(oldest);
      this.#records -= oldest.records;
      oldest.records = 0;
      oldest.fold = undefined;
      oldest.topology = undefined;
    }
  }

  /** Writes the summaries that are behind the log, but for nodes that `isDue` says are to be recomputed first. */
  saveSummaries(isDue: (node: LiveNode) => boolean): void {
    const { log, streams } = this.#store;
    let behindSeq = log.lastSeq + 1;
    const saved: LiveNode[] = [];
    for (const node of this.#nodes.values()) {
      if (node.unsavedSeq === undefined) continue;
      if (node.isChanged || isDue(node) || saved.length >= SAVED_SUMMARIES) {
        behindSeq = Math.min(behindSeq, node.unsavedSeq);
      } else {
        saved.push(node);
      }
    }
    if (saved.length === 0) return;
    this.#store.transact(() => {
      for (const node of saved) streams.saveSummary(node.name, node.seq, JSON.stringify(node.summarize()));
      this.#store.setMark(SUMMARIES_MARK, behindSeq - 1);
    });
    for (const node of saved) node.unsavedSeq = undefined;
  }

  /** Writes checkpoints of streams that grew by `weight` since the last, for so long; one at least. */
  saveCheckpoints(weight: number, budgetMs: number): void {
    const untilMs = performance.now() + budgetMs;
    for (const node of this.#nodes.values()) {
      if (node.weight < weight) continue;
      const fold = this.hydrate(node);
      const text = JSON.stringify(fold.save());
      const { seq, lastMs: receivedMs } = node;
      this.#store.transact(() => this.#store.checkpoints.save(node.name, { seq, receivedMs, text }));
      node.weight = 0;
      if (performance.now() > untilMs) return;
    }
  }

  /** What came after the summary, from the log. */
  #catchUp(node: LiveNode, newest: number, isInTime: boolean): void {
    node.unsavedSeq = node.seq + 1;
    if (isInTime && !node.isChanged) {
      const stretch = { afterSeq: node.seq, upToSeq: newest };
      for (const { entry } of this.#store.log.read(node.name, stretch)) node.apply(entry);
      return;
    }
    node.seq = newest;
    node.isChanged = true;
    node.isUncertain = true;
  }
}
