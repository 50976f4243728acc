import type { InvocationEvent } from '#model/cni/invocation-event.ts';
import { closeFile, FileError, OPEN, openFile, readDescriptorStatus, writeFrom } from '#plugin/netlink/file-calls.ts';
import { nodeFs } from '#plugin/netlink/node-fs.ts';
import { JOURNAL_FILE, journalFolder } from './list-journal-files.ts';
import { countLostLines, keepLostLinesCountable } from './lost-lines.ts';
import { dropOldestFiles, readShippedOffsets, rotateJournal } from './rotate-journal.ts';

export type JournalPlace = {
  /** PODWIRE_STATE: on a disk that may be full or read-only. */
  readonly stateDirectory: string;
  /** PODWIRE_RUN: in memory, and gone with the next boot. */
  readonly runDirectory: string;
};

const MIB = 1024 * 1024;

/**
 * What the plugin leaves on the node where no agent runs, or one that is stuck. The agent rotates long before that, so
 * this is a size that no pod ever waits for as long as it does.
 */
const BOUNDS = {
  state: { fileBytes: 32 * MIB, totalBytes: 256 * MIB },
  run: { fileBytes: 4 * MIB, totalBytes: 16 * MIB },
} as const;
type Bounds = (typeof BOUNDS)[keyof typeof BOUNDS];

/**
 * Appends one line to the journal, or to the one in memory where the disk does not take it. Not synced: a pod never waits
 * for a disk. One that hangs inside the kernel is the one thing that no process can interrupt.
 * A line that neither takes is counted where that can be done.
 * @returns what was in the way, though the line is kept
 * @throws where the line is lost; the caller carries on
 */
export function appendEvent(
  { stateDirectory, runDirectory }: JournalPlace,
  event: InvocationEvent,
): string | undefined {
  const line = new TextEncoder().encode(`${JSON.stringify(event)}\n`);
  try {
    appendLine(stateDirectory, line, BOUNDS.state);
    return undefined;
  } catch (problem) {
    try {
      appendLine(runDirectory, line, BOUNDS.run);
    } catch (cause) {
      countLoss([stateDirectory, runDirectory]);
      throw new Error(`${String(problem)}; ${String(cause)}`, { cause });
    }
    return `${String(problem)}; its line is in ${journalFolder(runDirectory)}`;
  }
}

/** One write: O_APPEND keeps lines of parallel invocations apart. */
function appendLine(directory: string, line: Uint8Array, bounds: Bounds): void {
  for (let isRetry = false; ; isRetry = true) {
    const { byteCount, isDeleted } = appendOnce(journalFolder(directory), line);
    if (isDeleted && !isRetry) continue;
    if (byteCount >= bounds.fileBytes) makeRoom(directory, bounds);
    return;
  }
}

/** @returns what became of the file: one that was deleted after it was opened has taken the line with it */
function appendOnce(folder: string, line: Uint8Array): { readonly byteCount: number; readonly isDeleted: boolean } {
  const fd = openAppending(folder);
  try {
    const written = writeFrom(fd, line);
    // The half of a line that a full disk took stays: taking it back could take another writer's line along.
    if (written !== line.byteLength) throw new Error(`${folder}: ${written} of ${line.byteLength} bytes written`);
    const { sizeBytes, linkCount } = readDescriptorStatus(fd);
    return { byteCount: sizeBytes, isDeleted: linkCount === 0 };
  } finally {
    closeFile(fd);
  }
}

/** Non-blocking: a FIFO in the journal's place fails at once where nobody reads it. */
const APPENDING = OPEN.WRITE | OPEN.APPEND | OPEN.CREATE | OPEN.NON_BLOCKING;

function openAppending(folder: string): number {
  const path = `${folder}/${JOURNAL_FILE}`;
  try {
    return openFile(path, APPENDING, 0o640);
  } catch (error) {
    if (!(error instanceof FileError && error.code === 'ENOENT')) throw error;
    nodeFs().mkdirSync(folder, { recursive: true, mode: 0o755 });
    keepLostLinesCountable(folder);
    return openFile(path, APPENDING, 0o640);
  }
}

function makeRoom(directory: string, { totalBytes }: Bounds): void {
  try {
    rotateJournal(journalFolder(directory));
    dropOldestFiles(journalFolder(directory), { totalBytes, shipped: readShippedOffsets(directory) });
  } catch {
    // The line is written. The next invocation tries again.
  }
}

function countLoss(directories: readonly string[]): void {
  for (const directory of directories) {
    try {
      countLostLines(journalFolder(directory), 1);
      return;
    } catch {
      // Then beside the other journal.
    }
  }
}
