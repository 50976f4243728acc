import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fail, type Result, succeed } from '#model/result.ts';
import { MIGRATIONS } from './schema.ts';
import { describeStorageTrouble } from './storage-error.ts';
import { Store } from './store.ts';

export type StoreProblem = { readonly problem: string; readonly remedy: string };

/**
 * Opens or creates the event store, in WAL mode, and brings its schema up to date, all or nothing. A file that cannot be
 * used is an answer, not an exception: it says which file and what to do. `:memory:` keeps nothing.
 */
export function openStore(path: string): Result<Store, StoreProblem> {
  let database: DatabaseSync | undefined;
  try {
    if (path !== ':memory:') ensureFolder(dirname(path));
    database = new DatabaseSync(path);
    // auto_vacuum can be set in an empty file only. A process that is killed loses no commit in NORMAL: docs/collector.md.
    database.exec(
      'PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -32768;',
    );
    const newer = migrate(database);
    if (newer !== undefined) {
      database.close();
      return fail({
        problem: `The event store ${path} was written by a newer Podwire (schema ${newer}, this one knows ${MIGRATIONS.length}).`,
        remedy: 'Start the newer version, or choose another folder with PODWIRE_DATA.',
      });
    }
    // A file that can be read but not written is found now, not at the first batch.
    database.exec('BEGIN IMMEDIATE; UPDATE mark SET value = value; COMMIT;');
    return succeed(new Store(database));
  } catch (error) {
    if (database?.isOpen) database.close();
    return fail(describeStorageTrouble(path, error));
  }
}

/** One level at a time: `recursive` never comes back where the kernel answers ENOENT for ever, as below /proc. */
function ensureFolder(path: string): void {
  if (existsSync(path)) return;
  ensureFolder(dirname(path));
  mkdirSync(path, { mode: 0o700 });
}

/** Answers the file's schema version where it is newer than ours. */
function migrate(database: DatabaseSync): number | undefined {
  const version = Number(database.prepare('PRAGMA user_version').get()?.user_version ?? 0);
  if (version > MIGRATIONS.length) return version;
  for (const [index, step] of MIGRATIONS.entries()) {
    if (index < version) continue;
    database.exec(`BEGIN IMMEDIATE; ${step} PRAGMA user_version = ${index + 1}; COMMIT;`);
  }
  // Files of the first schema were made without it, and only a rewrite can change that.
  const isIncremental = Number(database.prepare('PRAGMA auto_vacuum').get()?.auto_vacuum ?? 0) === 2;
  if (!isIncremental) database.exec('PRAGMA auto_vacuum = INCREMENTAL; VACUUM;');
  return undefined;
}
