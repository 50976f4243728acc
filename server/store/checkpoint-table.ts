import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { zstdCompressSync } from 'node:zlib';
import { decodeText } from './encode-body.ts';

export type Checkpoint = { readonly seq: number; readonly receivedMs: number; readonly text: string };

/** States of streams in between, so that no rebuild has to begin at the beginning. */
export class CheckpointTable {
  readonly #insert: StatementSync;
  readonly #find: StatementSync;
  readonly #has: StatementSync;
  readonly #removeBefore: StatementSync;

  constructor(database: DatabaseSync) {
    this.#insert = database.prepare(
      'INSERT OR REPLACE INTO checkpoint (stream, seq, received_ms, state) VALUES (?, ?, ?, ?)',
    );
    this.#has = database.prepare('SELECT 1 FROM checkpoint WHERE stream = ? AND seq = ?');
    this.#removeBefore = database.prepare('DELETE FROM checkpoint WHERE stream = ? AND seq < ?');
    this.#find = database.prepare(
      'SELECT seq, received_ms, state FROM checkpoint WHERE stream = ? AND seq <= ? ORDER BY seq DESC LIMIT 1',
    );
  }

  /** `text` is the state after the entry at `seq`, JSON. */
  save(stream: string, { seq, receivedMs, text }: Checkpoint): void {
    this.#insert.run(stream, seq, receivedMs, zstdCompressSync(text));
  }

  has(stream: string, seq: number): boolean {
    return this.#has.get(stream, seq) !== undefined;
  }

  removeBefore(stream: string, seq: number): void {
    this.#removeBefore.run(stream, seq);
  }

  /** The newest state of a stream that holds nothing after a place. */
  find(stream: string, upToSeq: number): Checkpoint | undefined {
    const row = this.#find.get(stream, upToSeq);
    if (row === undefined) return undefined;
    return { seq: Number(row.seq), receivedMs: Number(row.received_ms), text: decodeText(row.state) };
  }
}
