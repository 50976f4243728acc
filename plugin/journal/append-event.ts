import type { InvocationEvent } from '#model/cni/invocation-event.ts';
import { closeFile, inFolderOf, OPEN, openFile, writeFrom } from '#plugin/netlink/file-calls.ts';

export function journalPath(stateDirectory: string): string {
  return `${stateDirectory}/journal/invocations.ndjson`;
}

/**
 * Appends one line with one write: O_APPEND keeps lines of parallel invocations apart. Not synced to disk: a pod never
 * waits for it. A disk that hangs inside the kernel is the one thing that no process can interrupt.
 * @throws where the directory or the file cannot be written; the caller carries on
 */
export function appendEvent(stateDirectory: string, event: InvocationEvent): void {
  const path = journalPath(stateDirectory);
  const fd = inFolderOf(path, () => openFile(path, APPENDING, 0o640));
  try {
    const line = new TextEncoder().encode(`${JSON.stringify(event)}\n`);
    const written = writeFrom(fd, line);
    if (written !== line.byteLength) throw new Error(`${path}: ${written} of ${line.byteLength} bytes written`);
  } finally {
    closeFile(fd);
  }
}

/** Non-blocking: a FIFO in the journal's place fails at once where nobody reads it. */
const APPENDING = OPEN.WRITE | OPEN.APPEND | OPEN.CREATE | OPEN.NON_BLOCKING;
