import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import type { InvocationEvent } from '#model/cni/invocation-event.ts';

export function journalPath(stateDirectory: string): string {
  return `${stateDirectory}/journal/invocations.ndjson`;
}

/**
 * Appends one line with one write: O_APPEND keeps lines of parallel invocations apart. Not synced to disk: a pod never
 * waits for it.
 * @throws where the directory or the file cannot be written; the caller carries on
 */
export function appendEvent(stateDirectory: string, event: InvocationEvent): void {
  const path = journalPath(stateDirectory);
  const fd = openAppending(path);
  try {
    const line = Buffer.from(`${JSON.stringify(event)}\n`);
    const written = writeSync(fd, line);
    if (written !== line.byteLength) throw new Error(`${path}: ${written} of ${line.byteLength} bytes written`);
  } finally {
    closeSync(fd);
  }
}

function openAppending(path: string): number {
  try {
    return openSync(path, 'a', 0o640);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    mkdirSync(path.slice(0, path.lastIndexOf('/')), { recursive: true, mode: 0o755 });
    return openSync(path, 'a', 0o640);
  }
}
