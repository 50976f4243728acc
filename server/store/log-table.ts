import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { EntryBody, LogEntry } from '#model/log/log-entry.ts';
import { parseKept } from './encode-body.ts';
import { EntryTable } from './entry-table.ts';

/** A stretch of the log: entries after one, up to another, both by their place. */
export type Stretch = { readonly afterSeq: number; readonly upToSeq: number };

/** An entry without its words. */
export type EntryPlace = { readonly seq: number; readonly receivedMs: number };

/** An entry to be: `text` is the JSON of the body, where somebody has it already. */
export type Draft = { readonly stream: string; readonly body: EntryBody; readonly text?: string | undefined };

/** The log itself, in the order of arrival. Its one writer counts the places. */
export class LogTable {
  readonly #database: DatabaseSync;
  readonly #rows: EntryTable;
  readonly #read: StatementSync;
  readonly #find: StatementSync;
  readonly #probe: StatementSync;
  readonly #last: StatementSync;
  readonly #remove: StatementSync;
  #lastSeq: number;
  #lastMs: number;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#rows = new EntryTable(database);
    this.#read = database.prepare(
      'SELECT seq, received_ms, body FROM entry WHERE stream = ? AND seq > ? AND seq <= ? ORDER BY seq',
    );
    this.#find = database.prepare('SELECT received_ms, stream, body FROM entry WHERE seq = ?');
    this.#last = database.prepare(
      'SELECT seq, received_ms FROM entry WHERE stream = ? AND seq <= ? ORDER BY seq DESC LIMIT 1',
    );
    this.#remove = database.prepare('DELETE FROM entry WHERE seq > ? AND seq <= ?');
    this.#probe = database.prepare('SELECT seq, received_ms FROM entry WHERE seq >= ? ORDER BY seq LIMIT 1');
    const newest = database
      .prepare(
        `SELECT max(seq) AS seq, max(received_ms) AS ms FROM (
           SELECT max(seq) AS seq, (SELECT received_ms FROM entry ORDER BY seq DESC LIMIT 1) AS received_ms FROM entry
           UNION ALL SELECT max(seq), max(received_ms) FROM checkpoint)`,
      )
      .get();
    this.#lastSeq = Number(newest?.seq ?? 0);
    this.#lastMs = Number(newest?.ms ?? 0);
  }

  /** Place of the newest entry, 0 before the first. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** Time of the newest entry. */
  get lastMs(): number {
    return this.#lastMs;
  }

  /** Appends inside the caller's transaction, which ends with `flush`; `rewind` takes it back where that fails. Times never go back. */
  append(draft: Draft, atMs: number): { readonly entry: LogEntry; readonly bytes: number } {
    const { stream, body, text = JSON.stringify(body) } = draft;
    this.#lastSeq += 1;
    this.#lastMs = Math.max(this.#lastMs, atMs);
    this.#rows.add({ seq: this.#lastSeq, receivedMs: this.#lastMs, stream, text });
    return { entry: { seq: this.#lastSeq, receivedMs: this.#lastMs, stream, body }, bytes: text.length };
  }

  /** All that was appended is in the file from here on, when the transaction holds. */
  flush(): void {
    this.#rows.flush();
  }

  rewind(seq: number): void {
    this.#rows.forget();
    this.#lastSeq = seq;
  }

  /** Entries of one stream, oldest first, with the length of each body. */
  *read(
    stream: string,
    { afterSeq, upToSeq }: Stretch,
  ): Generator<{ readonly entry: LogEntry; readonly bytes: number }> {
    const readText = this.#rows.makeReader();
    for (const row of this.#read.iterate(stream, afterSeq, upToSeq)) {
      const seq = Number(row.seq);
      const text = readText(seq, row.body);
      const body = parseKept<EntryBody>(text);
      yield { entry: { seq, receivedMs: Number(row.received_ms), stream, body }, bytes: text.length };
    }
  }

  /** The entry at a place. */
  find(seq: number): LogEntry | undefined {
    const row = this.#find.get(seq);
    if (row === undefined) return undefined;
    const body = parseKept<EntryBody>(this.#rows.makeReader()(seq, row.body));
    return { seq, receivedMs: Number(row.received_ms), stream: String(row.stream), body };
  }

  /** Place of the newest entry that was there at a time, 0 where there is none: times rise with places. */
  findSeq(atMs: number): number {
    if (atMs >= this.#lastMs) return this.#lastSeq;
    let [low, high] = [0, this.#lastSeq + 1];
    // Every entry up to `low` is old enough, every one from `high` on is too new.
    while (high - low > 1) {
      const middle = low + Math.ceil((high - low) / 2);
      const row = this.#probe.get(middle);
      // Retention left holes: from `middle` up to the entry that was found there is none.
      if (row !== undefined && Number(row.received_ms) <= atMs) low = Number(row.seq);
      else high = middle;
    }
    return low;
  }

  /** The first entry at a place or after it. */
  findFrom(seq: number): EntryPlace | undefined {
    return readPlace(this.#probe.get(seq));
  }

  /** Answers how many there were. */
  remove({ afterSeq, upToSeq }: Stretch): number {
    this.#rows.removeChunks(afterSeq, upToSeq);
    return Number(this.#remove.run(afterSeq, upToSeq).changes);
  }

  /** Streams with entries after a place, and the newest of each. */
  listTouched(afterSeq: number): ReadonlyMap<string, number> {
    const rows = this.#database.prepare('SELECT stream, max(seq) AS seq FROM entry WHERE seq > ? GROUP BY stream');
    return new Map(rows.all(afterSeq).map((row) => [String(row.stream), Number(row.seq)]));
  }

  /** The newest entry of a stream up to a place. */
  findLast(stream: string, upToSeq: number): EntryPlace | undefined {
    return readPlace(this.#last.get(stream, upToSeq));
  }
}

const readPlace = (row: Record<string, unknown> | undefined): EntryPlace | undefined =>
  row && { seq: Number(row.seq), receivedMs: Number(row.received_ms) };
