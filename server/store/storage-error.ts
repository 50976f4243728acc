/** SQLite's primary result codes of a disk or a file that does not serve: sqlite.org/rescode.html. */
const BUSY = 5;
const READ_ONLY = 8;
const INPUT_OUTPUT = 10;
const CORRUPT = 11;
const FULL = 13;
const CANNOT_OPEN = 14;
const NO_DATABASE = 26;
const OF_THE_FILE = new Set([BUSY, READ_ONLY, INPUT_OUTPUT, CORRUPT, FULL, CANNOT_OPEN, NO_DATABASE]);

/** What the store kept is no text, or no JSON: trouble of the file, like damage that SQLite finds in its own pages. */
export class DamagedContent extends Error {
  readonly errcode = CORRUPT;
}

/** SQLite's primary result code; `undefined` for any other error. */
export function readStorageCode(error: unknown): number | undefined {
  const { errcode } = (error ?? {}) as { readonly errcode?: unknown };
  return typeof errcode === 'number' ? errcode & 0xff : undefined;
}

/** True for trouble with the disk or the file; false for a mistake of ours. */
export const isStorageError = (error: unknown): boolean => OF_THE_FILE.has(readStorageCode(error) ?? 0);

const OF_ITS_CONTENT = new Set([CORRUPT, NO_DATABASE]);

/** True for damage in the file, which waiting does not mend: it ends the server, wherever it is found. */
export const isDamage = (error: unknown): boolean => OF_ITS_CONTENT.has(readStorageCode(error) ?? 0);

/** True for trouble after which the same may be tried again: a full disk has room some day. */
export const mayPass = (error: unknown): boolean => isStorageError(error) && !isDamage(error);

/** The file in the data folder. */
export const STORE_FILE = 'podwire.db';

/** What a person is told, and what to do, each in one line. */
export function describeStorageTrouble(path: string, error: unknown): { problem: string; remedy: string } {
  const reason = error instanceof Error ? error.message : String(error);
  return { problem: `The event store ${path} cannot be used: ${reason}.`, remedy: adviseOnStorage(error) };
}

function adviseOnStorage(error: unknown): string {
  const code = readStorageCode(error);
  if (code === FULL) return 'Make room, or choose a folder on another disk with PODWIRE_DATA.';
  if (code === READ_ONLY) return 'Make it writable, or choose another folder with PODWIRE_DATA.';
  return 'Move the file away or choose another folder with PODWIRE_DATA.';
}
