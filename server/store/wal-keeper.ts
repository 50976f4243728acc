import { once } from 'node:events';
import { statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';

const COPY_EVERY_MS = 500;
/** Beyond this the writer waits until the journal is copied whole: else one that is never idle would let it grow for ever. */
const LARGEST_WAL_BYTES = 128 * 2 ** 20;
/** SQLite's own copying by the writer, in pages of 4 KiB: only where the thread does not come round to it. */
const LAST_RESORT_PAGES = 131_072;

/** Keeps the store's write-ahead log short without making the writer wait. */
export class WalKeeper implements AsyncDisposable {
  readonly #database: DatabaseSync;
  readonly #path: string;
  readonly #worker: Worker;

  constructor(database: DatabaseSync, path: string) {
    this.#database = database;
    this.#path = path;
    database.exec(`PRAGMA wal_autocheckpoint = ${LAST_RESORT_PAGES}`);
    this.#worker = new Worker(new URL('./wal-worker.ts', import.meta.url), {
      workerData: { path, everyMs: COPY_EVERY_MS },
    });
    this.#worker.unref();
  }

  /** Begins the journal anew where it has grown too long. Call about once a second. */
  tick(): void {
    const size = statSync(`${this.#path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
    if (size > LARGEST_WAL_BYTES) this.#database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#worker, 'exit');
    this.#worker.ref();
    this.#worker.postMessage('end');
    await ended;
  }
}
