import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { InvocationSummary } from '#model/topology/topology.ts';
import { buildEventFilter, type EventFilter } from './build-event-filter.ts';
import { parseKept } from './encode-body.ts';
import type { Stretch } from './log-table.ts';

export type EventPage = { readonly events: readonly InvocationSummary[]; readonly cursor?: string };

/** The heads of the invocations in the log, to be searched. */
export class EventTable {
  readonly #database: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #find: StatementSync;
  readonly #remove: StatementSync;
  /** Counted once, then kept: a count of millions of rows is no matter of a request. */
  #total: number | undefined;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#remove = database.prepare('DELETE FROM event WHERE seq > ? AND seq <= ?');
    this.#find = database.prepare('SELECT seq, node FROM event WHERE id = ? AND seq <= ?');
    this.#insert = database.prepare(
      `INSERT INTO event (seq, id, node, pod, verb, outcome, started_ms, summary) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (id) DO NOTHING`,
    );
  }

  /** False where an event of this id is there already. */
  insert(seq: number, summary: InvocationSummary): boolean {
    const { changes } = this.#insert.run(
      seq,
      summary.id,
      summary.node,
      summary.pod ?? null,
      summary.verb,
      summary.outcome,
      Date.parse(summary.startedAt) || 0,
      JSON.stringify(summary),
    );
    if (changes === 0) return false;
    if (this.#total !== undefined) this.#total += 1;
    return true;
  }

  /** Newest first, a page at a time. */
  list(filter: EventFilter, limit: number): EventPage {
    const { from, values } = buildEventFilter(filter);
    // Of several namespaces all rows are sorted: their places alone, and only those of the page are read whole.
    const source =
      filter.owners === undefined ? from : `event WHERE seq IN (SELECT seq FROM ${from} ORDER BY seq DESC LIMIT ?)`;
    const limits = filter.owners === undefined ? [limit + 1] : [limit + 1, limit + 1];
    const rows = this.#database
      .prepare(`SELECT seq, summary FROM ${source} ORDER BY seq DESC LIMIT ?`)
      .all(...values, ...limits);
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return {
      events: page.map((row) => parseKept<InvocationSummary>(String(row.summary))),
      ...(rows.length > limit && last !== undefined && { cursor: String(last.seq) }),
    };
  }

  count(filter: EventFilter): number {
    const { from, values, isAll } = buildEventFilter(filter);
    if (isAll && this.#total !== undefined) return this.#total;
    const row = this.#database.prepare(`SELECT count(*) AS count FROM ${from}`).get(...values);
    const count = Number(row?.count ?? 0);
    if (isAll) this.#total = count;
    return count;
  }

  /** Where an event is in the log, and whose it is; `undefined` where there is none up to this place. */
  find(id: string, upToSeq = Number.MAX_SAFE_INTEGER): { readonly seq: number; readonly node: string } | undefined {
    const row = this.#find.get(id, upToSeq);
    return row && { seq: Number(row.seq), node: String(row.node) };
  }

  /** Answers how many there were. */
  remove({ afterSeq, upToSeq }: Stretch): number {
    const removed = Number(this.#remove.run(afterSeq, upToSeq).changes);
    if (this.#total !== undefined) this.#total -= removed;
    return removed;
  }

  /** After rows went otherwise, or a transaction did not hold. */
  recount(): void {
    this.#total = undefined;
  }
}
