import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, readSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';

/**
 * How far the journal is shipped. A file is known by its inode, which survives rotation by renaming, and by its first
 * bytes, because a new file may get the inode of a deleted one.
 */
export const JournalCursor = z.object({
  inode: z.string(),
  offset: z.int().nonnegative(),
  headBytes: z.int().nonnegative(),
  headDigest: z.string(),
});
export type JournalCursor = z.infer<typeof JournalCursor>;

const headLimitBytes = 256;

/** @param fd the open journal file @param offset first byte that is not shipped yet; all before it never changes */
export function makeCursor(fd: number, place: { readonly inode: string; readonly offset: number }): JournalCursor {
  const headBytes = Math.min(headLimitBytes, place.offset);
  return { ...place, headBytes, headDigest: digestHead(fd, headBytes) };
}

/** Whether the open file is the one the cursor speaks of, and not a younger one with the same inode. */
export function isCursorOf(fd: number, inode: string, cursor: JournalCursor): boolean {
  return cursor.inode === inode && digestHead(fd, cursor.headBytes) === cursor.headDigest;
}

function digestHead(fd: number, byteCount: number): string {
  const head = new Uint8Array(byteCount);
  const length = byteCount === 0 ? 0 : readSync(fd, head, 0, byteCount, 0);
  return createHash('sha256').update(head.subarray(0, length)).digest('hex').slice(0, 16);
}

/** @returns `undefined` where there is none yet, or none that can be read: then the journal is shipped from its beginning */
export function loadCursor(path: string): JournalCursor | undefined {
  try {
    return JournalCursor.safeParse(JSON.parse(readFileSync(path, 'utf8'))).data;
  } catch {
    return undefined;
  }
}

/** Replaces the cursor as a whole: a crash leaves the old one or the new one, and the collector drops duplicates. */
export function saveCursor(path: string, cursor: JournalCursor): void {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.tmp`;
  const fd = openSync(temporary, 'w', 0o600);
  try {
    writeSync(fd, `${JSON.stringify(cursor)}\n`);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(temporary, path);
}
