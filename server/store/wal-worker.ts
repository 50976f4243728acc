import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';

/**
 * Copies the write-ahead log into the database, in a thread of its own: it waits for the disk, and batches need not wait with
 * it. PASSIVE blocks no writer. https://sqlite.org/c3ref/wal_checkpoint_v2.html
 */
const { path, everyMs, longFrames } = workerData as {
  readonly path: string;
  readonly everyMs: number;
  readonly longFrames: number;
};
const database = new DatabaseSync(path);
database.exec('PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 1000;');
const copy = database.prepare('PRAGMA wal_checkpoint(PASSIVE)');

const timer = setInterval(() => {
  try {
    // A writer that is never idle has written more while this copied: once more, so that little is left for it to do itself.
    if (Number(copy.get()?.log) <= longFrames || Number(copy.get()?.log) <= longFrames) return;
    parentPort?.postMessage('long');
  } catch {
    // A full or failing disk: the writer meets it too, and tells.
  }
}, everyMs);

parentPort?.on('message', () => {
  clearInterval(timer);
  database.close();
  parentPort?.close();
});
