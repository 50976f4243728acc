import { ClusterFold } from '#model/log/cluster-fold.ts';
import { CLUSTER_STREAM } from '#model/log/log-entry.ts';
import type { Store } from '../store/store.ts';
import type { GoneNodes } from './gone-nodes.ts';
import { rebuildCluster, rebuildNode } from './rebuild-stream.ts';

export type RetentionLimits = {
  /** Absent: nothing goes for its age. */
  readonly ageMs?: number | undefined;
  /** Of the file, as far as it is in use. Absent: nothing goes for want of room. */
  readonly sizeBytes?: number | undefined;
};

/** One transaction of retention removes so many entries; it has to be short, for batches wait meanwhile. */
const STEP_ENTRIES = 500;
const STEP_PAGES = 256;
/** Free pages that stay in the file, for the next entries. */
const SPARE_PAGES = 1_024;
/** Too big a log loses this share of its entries at a time. */
const SHARE = 0.1;
/** By age it is looked at this many times in the span that is kept. */
const LOOKS = 64;

/**
 * Removes what is too old or too much, oldest first, in steps. Before an entry goes, its stream has a checkpoint as of the
 * new oldest time, so that every time from there on can be told as before; and the new oldest time is written down before
 * the first entry goes, so that a process that is killed in between leaves a log that tells the truth.
 */
export class LogRetention {
  readonly #store: Store;
  readonly #limits: RetentionLimits;
  readonly #gone: GoneNodes;
  #steps: Generator<void> | undefined;
  #removedEntries = 0;
  #removedEvents = 0;

  constructor(parts: { readonly store: Store; readonly limits: RetentionLimits; readonly gone: GoneNodes }) {
    this.#store = parts.store;
    this.#limits = parts.limits;
    this.#gone = parts.gone;
  }

  get removed(): { readonly entries: number; readonly events: number; readonly nodes: number } {
    return { entries: this.#removedEntries, events: this.#removedEvents, nodes: this.#gone.removed };
  }

  /** Does one short step where there is something to do; true where more is to be done. Throws as the store does. */
  step(nowMs: number): boolean {
    if (this.#steps === undefined) {
      const cutoffMs = this.#findCutoff(nowMs);
      this.#steps = cutoffMs === undefined ? this.#shrink() : this.#cut(cutoffMs, nowMs);
    }
    try {
      if (this.#steps.next().done !== true) return true;
      this.#steps = undefined;
      // While much comes in, a tenth at every look is less than what came since the last.
      return this.#findSizeCutoff() !== undefined;
    } catch (error) {
      this.#steps = undefined;
      throw error;
    }
  }

  /** The time before which everything goes; `undefined`: all may stay. */
  #findCutoff(nowMs: number): number | undefined {
    const { ageMs } = this.#limits;
    const { oldestMs } = this.#store;
    if (oldestMs === undefined) return undefined;
    if (ageMs !== undefined && oldestMs < nowMs - ageMs - ageMs / LOOKS) return nowMs - ageMs;
    return this.#findSizeCutoff();
  }

  #findSizeCutoff(): number | undefined {
    const { sizeBytes } = this.#limits;
    const { log, oldestMs } = this.#store;
    if (oldestMs === undefined) return undefined;
    if (sizeBytes === undefined || this.#store.measure().usedBytes <= sizeBytes) return undefined;
    const first = log.findFrom(0);
    if (first === undefined) return undefined;
    const middle = log.findFrom(first.seq + Math.ceil((log.lastSeq - first.seq) * SHARE));
    return middle === undefined || middle.receivedMs <= oldestMs || middle.receivedMs >= log.lastMs
      ? undefined
      : middle.receivedMs;
  }

  *#cut(cutoffMs: number, nowMs: number): Generator<void> {
    const { log, streams, checkpoints } = this.#store;
    const upToSeq = this.#store.findSeq(cutoffMs);
    const bases = new Map<string, number>();
    const silent: string[] = [];
    for (const name of streams.listNames(cutoffMs)) {
      const seq = this.#ensureBase(name, upToSeq);
      if (seq !== undefined) bases.set(name, seq);
      if (name !== CLUSTER_STREAM && this.#gone.isSilent(name, upToSeq)) silent.push(name);
      yield;
    }
    this.#store.transact(() => this.#store.setOldest(cutoffMs, upToSeq));
    for (const [name, seq] of bases) {
      this.#store.transact(() => checkpoints.removeBefore(name, seq));
      yield;
    }
    for (;;) {
      const first = log.findFrom(0);
      if (first === undefined || first.seq > upToSeq) break;
      this.#remove({ afterSeq: first.seq - 1, upToSeq: Math.min(upToSeq, first.seq + STEP_ENTRIES - 1) });
      yield;
    }
    const silentFromMs = Math.min(cutoffMs, nowMs - (this.#limits.ageMs ?? 0));
    for (const name of silent) {
      this.#gone.release(name, { upToSeq, silentFromMs });
      yield;
    }
    yield* this.#shrink();
  }

  /** A checkpoint of the stream as of a place. Answers that of its newest entry; `undefined` where it has none to lose. */
  #ensureBase(name: string, upToSeq: number): number | undefined {
    const last = this.#store.log.findLast(name, upToSeq);
    if (last === undefined) return undefined;
    if (this.#store.checkpoints.has(name, last.seq)) return last.seq;
    const { fold } =
      name === CLUSTER_STREAM ? rebuildCluster(this.#store, upToSeq) : rebuildNode(this.#store, name, upToSeq);
    const text = JSON.stringify(fold instanceof ClusterFold ? fold.save() : fold.save());
    this.#store.transact(() => this.#store.checkpoints.save(name, { ...last, text }));
    return last.seq;
  }

  #remove(stretch: { readonly afterSeq: number; readonly upToSeq: number }): void {
    const removed = this.#store.transact(() => ({
      events: this.#store.events.remove(stretch),
      entries: this.#store.log.remove(stretch),
    }));
    this.#removedEntries += removed.entries;
    this.#removedEvents += removed.events;
  }

  /** Gives room back to the file system, but for a reserve. */
  *#shrink(): Generator<void> {
    while (this.#store.measure().freePages > SPARE_PAGES + STEP_PAGES) {
      this.#store.shrink(STEP_PAGES);
      yield;
    }
  }
}
