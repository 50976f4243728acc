import { closeSync, openSync, readSync, writeSync } from 'node:fs';

/**
 * An executable is 110 MB, and the container that installs it has 256 MiB: never all of it at once. The kernel keeps what is written
 * at one go in pieces of up to 2 MiB, which each run of the program maps faster than single pages.
 */
const CHUNK_BYTES = 16 * 1024 * 1024;

/** Two files of one size. */
export function hasSameContent(one: string, other: string): boolean {
  using first = openFile(one, 'r');
  using second = openFile(other, 'r');
  const [left, right] = [Buffer.allocUnsafe(CHUNK_BYTES), Buffer.allocUnsafe(CHUNK_BYTES)];
  for (;;) {
    const length = readFully(first.fd, left);
    if (readFully(second.fd, right) !== length) return false;
    if (!left.subarray(0, length).equals(right.subarray(0, length))) return false;
    if (length < CHUNK_BYTES) return true;
  }
}

/** @throws where the target is there already */
export function copyContent(source: string, target: string): void {
  using from = openFile(source, 'r');
  using to = openFile(target, 'wx');
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  for (let length = CHUNK_BYTES; length === CHUNK_BYTES; ) {
    length = readFully(from.fd, buffer);
    for (let written = 0; written < length; ) written += writeSync(to.fd, buffer, written, length - written);
  }
}

function openFile(path: string, flags: 'r' | 'wx'): Disposable & { readonly fd: number } {
  const fd = openSync(path, flags);
  return { fd, [Symbol.dispose]: () => closeSync(fd) };
}

/** @returns bytes read: fewer than fit only at the end of the file */
function readFully(fd: number, buffer: Buffer): number {
  let length = 0;
  while (length < buffer.length) {
    const read = readSync(fd, buffer, length, buffer.length - length, null);
    if (read === 0) break;
    length += read;
  }
  return length;
}
