import { closeSync, fstatSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { BatchRecord } from '#model/protocol/agent-batch.ts';
import { isCursorOf, type JournalCursor, makeCursor } from './journal-cursor.ts';
import { parseJournalLine } from './parse-journal-line.ts';

export const journalFileName = 'invocations.ndjson';

/** What stands in the journal behind a cursor, and the cursor behind that. */
export interface JournalReading {
  readonly records: readonly BatchRecord[];
  readonly cursor: JournalCursor | undefined;
}

export interface JournalLimits {
  /** At most so many lines are taken at once. */
  readonly lines: number;
  /** At most so many bytes of one file; a single longer line is skipped and reported. */
  readonly bytes: number;
  readonly nowMs: number;
}

/**
 * A writer opens the file, appends one line and closes it. One that opened it just before it was renamed may still
 * append for a moment, so the end of a rotated file counts only when it has been quiet for so long.
 */
const rotatedQuietMs = 1_000;
const newline = 10;

/**
 * Reads the journal from the cursor on, at most to the end of one file: complete lines only, rotated files before the
 * current one. A truncated file is read from its beginning, as is everything where the cursor's file is gone.
 * @param folder `<state>/journal`
 * @returns no records and the cursor given where there is nothing new
 */
export function readJournal(folder: string, cursor: JournalCursor | undefined, limits: JournalLimits): JournalReading {
  const files = listJournalFiles(folder);
  let at = cursor;
  let start = Math.max(0, cursor === undefined ? 0 : files.findIndex((file) => isFileOfCursor(file, cursor)));
  for (; start < files.length; start += 1) {
    const path = files[start] ?? '';
    const reading = readOneFile(path, at, { ...limits, isRotated: start < files.length - 1 });
    if (reading === 'gone') continue;
    if (reading.records.length > 0 || !reading.isFinished) return reading;
    at = reading.cursor;
  }
  return { records: [], cursor: at };
}

/** Oldest first; the current file is always the last. Rotated ones keep its name and add to it. */
function listJournalFiles(folder: string): string[] {
  try {
    const names = readdirSync(folder).filter(
      (name) => name === journalFileName || name.startsWith(`${journalFileName}.`),
    );
    return names
      .map((name) => ({
        path: join(folder, name),
        isCurrent: name === journalFileName,
        changedMs: changeTimeOf(join(folder, name)),
      }))
      .sort((one, other) => Number(one.isCurrent) - Number(other.isCurrent) || one.changedMs - other.changedMs)
      .map(({ path }) => path);
  } catch {
    return [];
  }
}

function changeTimeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function isFileOfCursor(path: string, cursor: JournalCursor): boolean {
  return withFile(path, (fd, inode) => isCursorOf(fd, inode, cursor)) ?? false;
}

type FileReading = JournalReading & { readonly isFinished: boolean };

function readOneFile(
  path: string,
  cursor: JournalCursor | undefined,
  limits: JournalLimits & { readonly isRotated: boolean },
): FileReading | 'gone' {
  const reading = withFile(path, (fd, inode): FileReading => {
    const { size, mtimeMs } = fstatSync(fd);
    const isKnown = cursor !== undefined && isCursorOf(fd, inode, cursor) && cursor.offset <= size;
    const offset = isKnown ? cursor.offset : 0;
    const bytes = new Uint8Array(Math.min(limits.bytes, size - offset));
    const chunk = bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, offset));
    const isQuiet = limits.isRotated && limits.nowMs - mtimeMs > rotatedQuietMs;
    const taken = takeLines(chunk, {
      path,
      offset,
      lines: limits.lines,
      isCut: chunk.length === limits.bytes,
      isQuiet,
    });
    const end = offset + taken.byteCount;
    const next = isKnown && taken.byteCount === 0 ? cursor : makeCursor(fd, { inode, offset: end });
    return { records: taken.records, cursor: next, isFinished: isQuiet && end === size };
  });
  return reading ?? 'gone';
}

interface Chunk {
  readonly path: string;
  /** Where the chunk begins in the file. */
  readonly offset: number;
  readonly lines: number;
  /** The file goes on behind the chunk. */
  readonly isCut: boolean;
  /** Nothing will ever be appended to it. */
  readonly isQuiet: boolean;
}

function takeLines(bytes: Uint8Array, chunk: Chunk): { readonly records: BatchRecord[]; readonly byteCount: number } {
  const records: BatchRecord[] = [];
  const report = (offset: number, message: string): void => {
    records.push({ type: 'journal.problem', file: chunk.path, offset, message });
  };
  let start = 0;
  for (let count = 0; count < chunk.lines; count += 1) {
    const end = bytes.indexOf(newline, start);
    if (end === -1) break;
    const line = new TextDecoder().decode(bytes.subarray(start, end));
    const parsed = line.trim() === '' ? undefined : parseJournalLine(line);
    if (parsed?.ok) records.push({ type: 'invocation', event: parsed.value.event });
    const problem = parsed?.ok === true ? parsed.value.problem : parsed?.error;
    if (problem !== undefined) report(chunk.offset + start, problem);
    start = end + 1;
  }
  const isStuck =
    bytes.length > start && bytes.indexOf(newline, start) === -1 && ((start === 0 && chunk.isCut) || chunk.isQuiet);
  if (!isStuck) return { records, byteCount: start };
  report(
    chunk.offset + start,
    chunk.isQuiet ? 'the last line of a rotated file has no end' : `no line end in ${bytes.length} bytes`,
  );
  return { records, byteCount: bytes.length };
}

function withFile<T>(path: string, use: (fd: number, inode: string) => T): T | undefined {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch {
    return undefined;
  }
  try {
    return use(fd, String(fstatSync(fd, { bigint: true }).ino));
  } finally {
    closeSync(fd);
  }
}
