import { once } from 'node:events';
import type { DatabaseSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';
import { mayPass } from './storage-error.ts';

const COPY_EVERY_MS = 500;
/** 64 MiB in pages of 4 KiB: then the writer itself copies the rest and begins anew, else a busy one's would grow for ever. */
const LONG_FRAMES = 16_384;
/** SQLite's own copying by the writer, in pages: only where the thread does not come round to it. */
const LAST_RESORT_FRAMES = 131_072;

/** Keeps the store's write-ahead log short without making the writer wait for the disk. */
export class WalKeeper implements AsyncDisposable {
  readonly #worker: Worker;

  constructor(database: DatabaseSync, path: string) {
    database.exec(`PRAGMA wal_autocheckpoint = ${LAST_RESORT_FRAMES}`);
    this.#worker = new Worker(new URL('./wal-worker.ts', import.meta.url), {
      workerData: { path, everyMs: COPY_EVERY_MS, longFrames: LONG_FRAMES },
    });
    this.#worker.unref();
    this.#worker.on('message', () => {
      try {
        database.exec('PRAGMA wal_checkpoint(RESTART)');
      } catch (error) {
        // A full disk: the next batch meets it too, and says so to its agent.
        if (!mayPass(error)) throw error;
      }
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#worker, 'exit');
    this.#worker.ref();
    this.#worker.removeAllListeners('message');
    this.#worker.postMessage('end');
    await ended;
  }
}
