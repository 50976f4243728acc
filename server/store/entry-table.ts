import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { zstdCompressSync } from 'node:zlib';
import { COMPRESSED_ABOVE_BYTES, decodeText, encodeText, MALFORMED } from './encode-body.ts';
import { DamagedContent } from './storage-error.ts';

/** A row of the log as it is to be written: `text` is the JSON of its body. */
export type EntryRow = {
  readonly seq: number;
  readonly receivedMs: number;
  readonly stream: string;
  readonly text: string;
};

/** The bodies of a chunk are no longer than this together, so that one of them is read in a millisecond. */
const CHUNK_BYTES = 256 * 1024;

/**
 * Writes the rows of the log. Entries of one stream that come one after the other are kept together, as one compressed chunk
 * which each of their rows names by the place of its last: invocations are so alike that fifty of them shrink to the size of
 * two, and every page less is one less to write, to copy and to keep (ADR 0047).
 */
export class EntryTable {
  readonly #insert: StatementSync;
  readonly #insertChunk: StatementSync;
  readonly #findChunk: StatementSync;
  readonly #removeChunks: StatementSync;
  /** Not in the file yet: places that follow each other, all of one stream. */
  #run: EntryRow[] = [];
  #runBytes = 0;

  constructor(database: DatabaseSync) {
    this.#insert = database.prepare('INSERT INTO entry (seq, received_ms, stream, body) VALUES (?, ?, ?, ?)');
    this.#insertChunk = database.prepare('INSERT INTO chunk (last_seq, bodies) VALUES (?, ?)');
    this.#findChunk = database.prepare('SELECT bodies FROM chunk WHERE last_seq = ?');
    this.#removeChunks = database.prepare('DELETE FROM chunk WHERE last_seq > ? AND last_seq <= ?');
  }

  /** In the file after `flush`, which the same transaction has to call. */
  add(row: EntryRow): void {
    const isOfRun = this.#run[0]?.stream === row.stream && this.#runBytes + row.text.length <= CHUNK_BYTES;
    if (!isOfRun) this.flush();
    this.#run.push(row);
    this.#runBytes += row.text.length;
  }

  flush(): void {
    const [run, bytes] = [this.#run, this.#runBytes];
    this.forget();
    if (run.length < 2 || bytes <= COMPRESSED_ABOVE_BYTES) {
      for (const { seq, receivedMs, stream, text } of run) this.#insert.run(seq, receivedMs, stream, encodeText(text));
      return;
    }
    const lastSeq = run.at(-1)?.seq ?? 0;
    this.#insertChunk.run(lastSeq, zstdCompressSync(run.map(({ text }) => text).join('\n')));
    for (const { seq, receivedMs, stream } of run) this.#insert.run(seq, receivedMs, stream, lastSeq);
  }

  /** The transaction of what was added does not hold. */
  forget(): void {
    this.#run = [];
    this.#runBytes = 0;
  }

  /** Chunks whose last entry is in a stretch: those before it are gone then. */
  removeChunks(afterSeq: number, upToSeq: number): void {
    this.#removeChunks.run(afterSeq, upToSeq);
  }

  /** Reads bodies of rows; it holds the last chunk, for the next row is most often in it too. Throws DamagedContent. */
  makeReader(): (seq: number, kept: unknown) => string {
    let held: { readonly lastSeq: number; readonly texts: readonly string[] } | undefined;
    return (seq, kept) => {
      if (typeof kept !== 'number') return decodeText(kept);
      if (held?.lastSeq !== kept) held = { lastSeq: kept, texts: this.#readChunk(kept) };
      const text = held.texts.at(seq - kept - 1);
      if (text === undefined || seq > kept) throw new DamagedContent(MALFORMED);
      return text;
    };
  }

  #readChunk(lastSeq: number): readonly string[] {
    const row = this.#findChunk.get(lastSeq);
    if (row === undefined) throw new DamagedContent(MALFORMED);
    return decodeText(row.bodies).split('\n');
  }
}
