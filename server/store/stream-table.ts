import type { DatabaseSync, StatementSync } from 'node:sqlite';

export type StreamSummary = { readonly name: string; readonly seq: number; readonly text: string | undefined };

/** The streams of the log, and what each node's tile is made of as of one of its entries. */
export class StreamTable {
  readonly #database: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #update: StatementSync;
  readonly #remove: StatementSync;
  readonly #known: Set<string>;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#insert = database.prepare('INSERT OR IGNORE INTO stream (name, first_ms) VALUES (?, ?)');
    this.#remove = database.prepare('DELETE FROM stream WHERE name = ?');
    this.#update = database.prepare('UPDATE stream SET summary_seq = ?, summary = ? WHERE name = ?');
    this.#known = new Set(
      database
        .prepare('SELECT name FROM stream')
        .all()
        .map((row) => String(row.name)),
    );
  }

  ensure(name: string, firstMs: number): void {
    if (this.#known.has(name)) return;
    this.#insert.run(name, firstMs);
    this.#known.add(name);
  }

  remove(name: string): void {
    this.#remove.run(name);
    this.#known.delete(name);
  }

  saveSummary(name: string, seq: number, text: string): void {
    this.#update.run(seq, text, name);
  }

  listSummaries(): readonly StreamSummary[] {
    const rows = this.#database.prepare('SELECT name, summary_seq, summary FROM stream ORDER BY name').all();
    return rows.map((row) => ({
      name: String(row.name),
      seq: Number(row.summary_seq),
      text: row.summary === null ? undefined : String(row.summary),
    }));
  }

  /** Names of the streams that had begun at a time, in order. */
  listNames(atMs: number): readonly string[] {
    const rows = this.#database.prepare('SELECT name FROM stream WHERE first_ms <= ? ORDER BY name').all(atMs);
    return rows.map((row) => String(row.name));
  }

  /** A transaction that made or removed a stream did not hold. */
  forget(): void {
    const rows = this.#database.prepare('SELECT name FROM stream').all();
    this.#known.clear();
    for (const row of rows) this.#known.add(String(row.name));
  }
}
