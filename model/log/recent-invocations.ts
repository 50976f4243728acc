import { findInvocationOwner, NOBODY } from '../topology/invocation-owner.ts';
import type { InvocationStatistics, InvocationSummary } from '../topology/topology.ts';

const WINDOW_MINUTES = 15;
const WINDOW_MS = WINDOW_MINUTES * 60_000;
const IS_ADD = 1;
const IS_DEL = 2;
const IS_ERROR = 4;
const FLAGS = 8;
const LEAST_PRUNED = 64;

/** As it is kept: columns of numbers, for a busy node has some ten thousand in its window. */
export type RecentColumns = {
  readonly startedMs: readonly number[];
  readonly coded: readonly number[];
  /** Places in `owners`; absent, as `owners`, in what was kept before they were. */
  readonly ownedBy?: readonly number[] | undefined;
  readonly owners?: readonly string[] | undefined;
};

type Recent = Pick<InvocationSummary, 'startedAt' | 'durationUs' | 'verb' | 'outcome' | 'pod'>;

/** The invocations of the last 15 minutes, as far as statistics need them. */
export class RecentInvocations {
  #startedMs: number[];
  /** Duration in µs times 8, plus the flags. */
  #coded: number[];
  /** Whose each is: a place in `#owners`, which are few. */
  #ownedBy: number[];
  #owners: string[];
  #pruneAt: number;
  #count = 0;

  constructor(columns: RecentColumns = { startedMs: [], coded: [] }) {
    this.#startedMs = [...columns.startedMs];
    this.#coded = [...columns.coded];
    this.#owners = [...(columns.owners ?? [NOBODY])];
    this.#ownedBy = columns.ownedBy === undefined ? columns.coded.map(() => 0) : [...columns.ownedBy];
    this.#pruneAt = Math.max(LEAST_PRUNED, 2 * this.#coded.length);
  }

  get size(): number {
    return this.#coded.length;
  }

  /** Rises with each that is added: where it stands still, only time changes what is measured. */
  get count(): number {
    return this.#count;
  }

  /** `receivedMs` is the time of the entry: nobody will ask for statistics of an earlier time. */
  add(summary: Recent, receivedMs: number): void {
    const startedMs = Date.parse(summary.startedAt);
    if (!(startedMs >= receivedMs - WINDOW_MS)) return;
    const verb = summary.verb === 'ADD' ? IS_ADD : summary.verb === 'DEL' ? IS_DEL : 0;
    this.#count += 1;
    this.#startedMs.push(startedMs);
    this.#ownedBy.push(this.#placeOf(findInvocationOwner(summary)));
    this.#coded.push(summary.durationUs * FLAGS + verb + (summary.outcome === 'error' ? IS_ERROR : 0));
    if (this.#coded.length > this.#pruneAt) this.#prune(receivedMs);
  }

  /** Counts and ADD durations as of a time, of all or of some owners; percentiles are nearest-rank, of ADDs that succeeded. */
  measure(atMs: number, isCounted?: (owner: string) => boolean): InvocationStatistics {
    const counted = isCounted && this.#owners.map(isCounted);
    const fromMs = atMs - WINDOW_MS;
    const count = { adds: 0, dels: 0, failed: 0 };
    const durations: number[] = [];
    for (const [place, coded] of this.#coded.entries()) {
      if (!((this.#startedMs[place] ?? 0) >= fromMs)) continue;
      if (counted?.[this.#ownedBy[place] ?? 0] === false) continue;
      const flags = coded % FLAGS;
      if ((flags & IS_ADD) !== 0) count.adds += 1;
      if ((flags & IS_DEL) !== 0) count.dels += 1;
      if ((flags & IS_ERROR) !== 0) count.failed += 1;
      else if ((flags & IS_ADD) !== 0) durations.push((coded - flags) / FLAGS);
    }
    const sorted = Float64Array.from(durations).sort();
    const rank = (share: number) => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
    const [addP50Us, addP99Us] = [rank(0.5), rank(0.99)];
    return {
      windowMinutes: WINDOW_MINUTES,
      ...count,
      ...(addP50Us !== undefined && { addP50Us }),
      ...(addP99Us !== undefined && { addP99Us }),
    };
  }

  /** When the statistics of `atMs` change without a new invocation; `undefined`: never. */
  expiresMs(atMs: number): number | undefined {
    let first: number | undefined;
    for (const startedMs of this.#startedMs) {
      if (startedMs >= atMs - WINDOW_MS && (first === undefined || startedMs < first)) first = startedMs;
    }
    return first === undefined ? undefined : first + WINDOW_MS + 1;
  }

  save(): RecentColumns {
    return {
      startedMs: [...this.#startedMs],
      coded: [...this.#coded],
      ownedBy: [...this.#ownedBy],
      owners: [...this.#owners],
    };
  }

  #placeOf(owner: string): number {
    const place = this.#owners.indexOf(owner);
    return place >= 0 ? place : this.#owners.push(owner) - 1;
  }

  #prune(receivedMs: number): void {
    const isKept = this.#startedMs.map((startedMs) => startedMs >= receivedMs - WINDOW_MS);
    this.#startedMs = this.#startedMs.filter((_, place) => isKept[place]);
    this.#coded = this.#coded.filter((_, place) => isKept[place]);
    const owners = this.#ownedBy.filter((_, place) => isKept[place]).map((place) => this.#owners[place] ?? NOBODY);
    // Namespaces come and go: only those that are still meant.
    this.#owners = [...new Set(owners)];
    this.#ownedBy = owners.map((owner) => this.#owners.indexOf(owner));
    this.#pruneAt = Math.max(LEAST_PRUNED, 2 * this.#coded.length);
  }
}
