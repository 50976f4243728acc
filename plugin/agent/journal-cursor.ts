import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, readSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';

/**
 * How far one file of the journal is shipped. It is known by its inode, which survives rotation by renaming, and by its
 * first bytes, because a new file may get the inode of a deleted one.
 */
const FilePosition = z.object({
  inode: z.string(),
  offset: z.int().nonnegative(),
  headBytes: z.int().nonnegative(),
  headDigest: z.string(),
});
export type FilePosition = z.infer<typeof FilePosition>;

/** By inode. A file without a position is shipped from its beginning: nothing hangs on the order of files, or on a clock. */
export type JournalCursor = ReadonlyMap<string, FilePosition>;

const StoredCursor = z.object({ files: z.array(FilePosition) });

const headLimitBytes = 256;

/** @param fd the open journal file @param offset first byte that is not shipped yet; all before it never changes */
export function makePosition(fd: number, place: { readonly inode: string; readonly offset: number }): FilePosition {
  const headBytes = Math.min(headLimitBytes, place.offset);
  return { ...place, headBytes, headDigest: digestHead(fd, headBytes) };
}

/** Whether the open file is the one the position speaks of, and not a younger one with the same inode. */
export function isPositionOf(fd: number, inode: string, position: FilePosition): boolean {
  return position.inode === inode && digestHead(fd, position.headBytes) === position.headDigest;
}

function digestHead(fd: number, byteCount: number): string {
  const head = new Uint8Array(byteCount);
  const length = byteCount === 0 ? 0 : readSync(fd, head, 0, byteCount, 0);
  return createHash('sha256').update(head.subarray(0, length)).digest('hex').slice(0, 16);
}

/** @returns no positions where there is no cursor yet, or none that can be read: then the journal is shipped from its beginning */
export function loadCursor(path: string): JournalCursor {
  try {
    const { files } = StoredCursor.parse(JSON.parse(readFileSync(path, 'utf8')));
    return new Map(files.map((position) => [position.inode, position]));
  } catch {
    return new Map();
  }
}

/**
 * Replaces the cursor as a whole: a crash leaves the old one or the new one, and the collector drops duplicates.
 * @throws where the disk does not take it; the old one stays
 */
export function saveCursor(path: string, cursor: JournalCursor): void {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.tmp`;
  const fd = openSync(temporary, 'w', 0o600);
  try {
    const bytes = new TextEncoder().encode(`${JSON.stringify({ files: [...cursor.values()] })}\n`);
    if (writeSync(fd, bytes) !== bytes.byteLength) throw new Error(`${temporary}: the disk is full`);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(temporary, path);
}
