import { closeSync, constants, mkdirSync, openSync, writeSync } from 'node:fs';
import type { InvocationEvent } from '#model/cni/invocation-event.ts';

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
  const fd = openAppending(path);
  try {
    const line = new TextEncoder().encode(`${JSON.stringify(event)}\n`);
    const written = writeSync(fd, line);
    if (written !== line.byteLength) throw new Error(`${path}: ${written} of ${line.byteLength} bytes written`);
  } finally {
    closeSync(fd);
  }
}

/** Non-blocking: a FIFO in the journal's place fails at once where nobody reads it. */
const APPENDING = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK;

function openAppending(path: string): number {
  try {
    return openSync(path, APPENDING, 0o640);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    mkdirSync(path.slice(0, path.lastIndexOf('/')), { recursive: true, mode: 0o755 });
    return openSync(path, APPENDING, 0o640);
  }
}
