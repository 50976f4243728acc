import { closeSync, constants, fstatSync, openSync, unlinkSync } from 'node:fs';
import type { BatchRecord } from '#model/protocol/agent-batch.ts';
import { type JournalFile, journalFolder, listJournalFiles } from '#plugin/journal/list-journal-files.ts';
import { keepLostLinesCountable, readLostLines } from '#plugin/journal/lost-lines.ts';
import { dropOldestFiles, rotateJournal } from '#plugin/journal/rotate-journal.ts';
import { type FilePosition, isPositionOf, loadCursor, makePosition, saveCursor } from './journal-cursor.ts';
import { type JournalLimits, readJournalFile, usualLimits } from './read-journal-file.ts';
import { describeError, type WriteLog } from './write-log-line.ts';

/** What stands in the journal behind what is acknowledged; without a position there is nothing. */
export interface JournalReading {
  readonly records: readonly BatchRecord[];
  readonly position: FilePosition | undefined;
}

export interface JournalTailParts {
  /** PODWIRE_STATE or PODWIRE_RUN: holds `journal/` and `agent/`. */
  readonly directory: string;
  /** A larger file is rotated, and beyond the total the oldest goes. */
  readonly fileBytes: number;
  readonly totalBytes: number;
  /** Whether anyone can still append to an open file; `undefined` where the file system cannot tell. */
  readonly isOpenForWriting: (fd: number) => boolean | undefined;
  /** Of a clock that never jumps. */
  readonly nowMs: () => number;
  readonly log: WriteLog;
}

/**
 * Where nobody can tell whether a writer has a rotated file open: longer than an invocation may last, and it writes in its
 * last millisecond.
 */
const quietMs = 60_000;
/** More than there are files: the rest is of files that others have deleted. */
const positionsLimit = 256;

/**
 * One journal of this node as the agent sees it: reads what is not acknowledged, rotates, deletes what is acknowledged.
 * No failure of the disk ends it; each is logged once.
 */
export class JournalTail {
  readonly #parts: JournalTailParts;
  readonly #folder: string;
  readonly #cursorPath: string;
  readonly #positions: Map<string, FilePosition>;
  readonly #quiet = new Map<string, { readonly byteCount: number; readonly sinceMs: number }>();
  readonly #troubles = new Set<string>();
  #takenInode: string | undefined;

  constructor(parts: JournalTailParts) {
    this.#parts = parts;
    this.#folder = journalFolder(parts.directory);
    this.#cursorPath = `${parts.directory}/agent/cursor.json`;
    this.#positions = new Map(loadCursor(this.#cursorPath));
    keepLostLinesCountable(this.#folder);
  }

  /** Lines of this journal that were lost, since its folder was made. */
  get lostLines(): number {
    return readLostLines(this.#folder);
  }

  /** Reads on behind what is acknowledged, at most to the end of one file: complete lines only, rotated files first. */
  read(limits: Partial<JournalLimits> = {}): JournalReading {
    for (const { path, isRotated } of listJournalFiles(this.#folder)) {
      const reading = this.#attempt('read', () =>
        withFile(path, (fd) => this.#readFile(fd, { path, isRotated, ...usualLimits, ...limits })),
      );
      if (reading === undefined) continue;
      this.#takenInode = reading.position?.inode;
      return reading;
    }
    return { records: [], position: undefined };
  }

  acknowledge({ position }: JournalReading): void {
    this.#takenInode = undefined;
    if (position === undefined) return;
    this.#positions.set(position.inode, position);
    this.#saveCursor();
  }

  /** Rotates what is large, deletes what is acknowledged, drops the oldest of what is too much. */
  tidy(): void {
    const files = listJournalFiles(this.#folder);
    const { fileBytes } = this.#parts;
    // A folder that was made anew has no file for the count of losses.
    if (files.length === 0) keepLostLinesCountable(this.#folder);
    if (files.some(({ isRotated, byteCount }) => !isRotated && byteCount >= fileBytes)) {
      this.#attempt('rotate', () => rotateJournal(this.#folder));
    }
    const rotated = files.filter(({ isRotated }) => isRotated);
    for (const file of rotated) this.#attempt('delete', () => this.#deleteIfShipped(file));
    if (rotated.length > 0) this.#attempt('bound', () => this.#dropOldest());
    if (this.#positions.size > positionsLimit) this.#forgetMissing(files);
  }

  /** What stands in the journal and is not acknowledged. */
  countWaitingBytes(): number {
    return listJournalFiles(this.#folder).reduce((sum, { inode, byteCount }) => {
      const { offset = 0 } = this.#positions.get(inode) ?? {};
      return sum + (offset <= byteCount ? byteCount - offset : byteCount);
    }, 0);
  }

  #readFile(
    fd: number,
    { path, isRotated, ...limits }: JournalLimits & { readonly path: string; readonly isRotated: boolean },
  ): JournalReading | undefined {
    const { inode, byteCount } = describeFile(fd);
    const offset = this.#offsetIn(fd, inode, byteCount);
    if (offset === byteCount) return undefined;
    const isSealed = (): boolean => isRotated && this.#isSealed(fd);
    const { records, end } = readJournalFile({ fd, path, offset, isSealed }, limits);
    return end === offset ? undefined : { records, position: makePosition(fd, { inode, offset: end }) };
  }

  /** A file that was truncated, or that only has the inode of a known one, is read from its beginning. */
  #offsetIn(fd: number, inode: string, byteCount: number): number {
    const position = this.#positions.get(inode);
    if (position === undefined || !isPositionOf(fd, inode, position) || position.offset > byteCount) return 0;
    return position.offset;
  }

  #deleteIfShipped({ path }: JournalFile): void {
    const shippedInode = withFile(path, (fd) => {
      const before = describeFile(fd);
      if (this.#offsetIn(fd, before.inode, before.byteCount) !== before.byteCount || !this.#isSealed(fd))
        return undefined;
      // The last writer may have written between the two.
      return describeFile(fd).byteCount === before.byteCount ? before.inode : undefined;
    });
    if (shippedInode === undefined) return;
    unlinkSync(path);
    this.#positions.delete(shippedInode);
    this.#quiet.delete(shippedInode);
    this.#saveCursor();
  }

  #dropOldest(): void {
    const shipped = new Map([...this.#positions].map(([inode, { offset }]) => [inode, offset]));
    const kept = this.#takenInode === undefined ? {} : { keptInode: this.#takenInode };
    dropOldestFiles(this.#folder, { totalBytes: this.#parts.totalBytes, shipped, ...kept });
  }

  /** Nobody opens a rotated file anew: once no writer has it, none ever will. */
  #isSealed(fd: number): boolean {
    const isOpen = this.#parts.isOpenForWriting(fd);
    if (isOpen !== undefined) return !isOpen;
    const { inode, byteCount } = describeFile(fd);
    const nowMs = this.#parts.nowMs();
    const known = this.#quiet.get(inode);
    if (known?.byteCount === byteCount) return nowMs - known.sinceMs > quietMs;
    this.#quiet.set(inode, { byteCount, sinceMs: nowMs });
    return false;
  }

  #forgetMissing(files: readonly JournalFile[]): void {
    const inodes = new Set(files.map(({ inode }) => inode));
    for (const inode of this.#positions.keys()) if (!inodes.has(inode)) this.#positions.delete(inode);
  }

  /** The positions in memory stay right: after a kill, lines go twice, and the collector knows them by their ids. */
  #saveCursor(): void {
    this.#attempt('remember', () => saveCursor(this.#cursorPath, this.#positions));
  }

  #attempt<T>(what: 'read' | 'rotate' | 'delete' | 'bound' | 'remember', work: () => T): T | undefined {
    try {
      const outcome = work();
      this.#troubles.delete(what);
      return outcome;
    } catch (error) {
      if (this.#troubles.has(what)) return undefined;
      this.#troubles.add(what);
      const details = { folder: this.#folder, work: what, reason: describeError(error) };
      this.#parts.log('warn', 'the journal cannot be kept in order', details);
      return undefined;
    }
  }
}

function describeFile(fd: number): { readonly inode: string; readonly byteCount: number } {
  const { ino, size } = fstatSync(fd, { bigint: true });
  return { inode: String(ino), byteCount: Number(size) };
}

/** @returns undefined where the file is gone, or was another kind of file */
function withFile<T>(path: string, use: (fd: number) => T): T | undefined {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
  try {
    return use(fd);
  } finally {
    closeSync(fd);
  }
}
