import { nodeFs } from '#plugin/netlink/node-fs.ts';
import { JOURNAL_FILE, type JournalFile, listJournalFiles } from './list-journal-files.ts';
import { countLostLines } from './lost-lines.ts';

const CHUNK_BYTES = 1024 * 1024;
const NEWLINE = 10;

/**
 * Gives the current file another name; the next writer makes a new one. The name is one that no other rotation gives, at
 * whatever time: `rename` would replace a file of the same name unseen.
 * @throws where the folder cannot be written
 */
export function rotateJournal(folder: string): void {
  const random = Math.floor(Math.random() * 0x1000_0000).toString(16);
  nodeFs().renameSync(`${folder}/${JOURNAL_FILE}`, `${folder}/${JOURNAL_FILE}.${Date.now()}-${process.pid}-${random}`);
}

export type JournalBound = {
  /** What all files together may take; the current one stays, whatever its size. */
  readonly totalBytes: number;
  /** How far a file has arrived at the collector, by inode. Lines before that are not lost. */
  readonly shipped: ReadonlyMap<string, number>;
  /** Not now: its lines are on their way. */
  readonly keptInode?: string;
};

/**
 * Deletes the oldest rotated files until the rest is within bounds, and counts their lines that nobody has read.
 * @throws where the folder cannot be written
 */
export function dropOldestFiles(folder: string, { totalBytes, shipped, keptInode }: JournalBound): void {
  const files = listJournalFiles(folder);
  let excess = files.reduce((sum, { byteCount }) => sum + byteCount, 0) - totalBytes;
  for (const file of files) {
    if (excess <= 0) return;
    if (!file.isRotated || file.inode === keptInode) continue;
    dropFile(folder, file, shipped.get(file.inode) ?? 0);
    excess -= file.byteCount;
  }
}

function dropFile(folder: string, { path }: JournalFile, offset: number): void {
  const lines = countLines(path, offset);
  nodeFs().unlinkSync(path);
  countLostLines(folder, lines);
}

function countLines(path: string, offset: number): number {
  const { closeSync, openSync, readSync } = nodeFs();
  const fd = openSync(path, 'r');
  try {
    const bytes = new Uint8Array(CHUNK_BYTES);
    let lines = 0;
    for (let place = offset; ; ) {
      const length = readSync(fd, bytes, 0, bytes.byteLength, place);
      if (length === 0) return lines;
      const chunk = bytes.subarray(0, length);
      for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, at + 1)) lines += 1;
      place += length;
    }
  } finally {
    closeSync(fd);
  }
}

/**
 * What the agent's cursor says, for one who is not the agent.
 * @param directory PODWIRE_STATE or PODWIRE_RUN
 * @returns offsets by inode; none where there is no cursor, then everything counts as unread
 */
export function readShippedOffsets(directory: string): ReadonlyMap<string, number> {
  try {
    const { files } = JSON.parse(nodeFs().readFileSync(`${directory}/agent/cursor.json`, 'utf8')) as {
      readonly files: readonly { readonly inode: string; readonly offset: number }[];
    };
    return new Map(files.map(({ inode, offset }) => [inode, offset]));
  } catch {
    return new Map();
  }
}
