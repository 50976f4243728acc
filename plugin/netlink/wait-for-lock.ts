import { tryLock } from './libc.ts';

/** The lock was held by others until the deadline. */
export class LockTimeout extends Error {
  override readonly name = 'LockTimeout';
}

const POLL_MS = 1;

/**
 * flock(2) with a deadline of our own: one hung process must not hang every pod of the node. The kernel releases the lock
 * when the descriptor is closed, also when its owner is killed.
 * @throws LockTimeout
 */
export function waitForLock(fd: number, path: string, timeoutMs: number): void {
  const deadlineMs = performance.now() + timeoutMs;
  while (!tryLock(fd, 'exclusive', path)) {
    if (performance.now() > deadlineMs)
      throw new LockTimeout(`${path} was held by another process for ${timeoutMs} ms`);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, POLL_MS);
  }
}
