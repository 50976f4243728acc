import { readSync, writeSync } from 'node:fs';

const STDIN = 0;
const CHUNK_BYTES = 64 * 1024;
const RETRY_MS = 1;

/** node:fs instead of process.stdin and process.stdout: setting those streams up costs every pod 7 ms. */
function waitBriefly(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
}

const isRetryable = (error: unknown): boolean =>
  ['EAGAIN', 'EINTR'].includes((error as NodeJS.ErrnoException).code ?? '');

/** Everything up to the end of stdin, as UTF-8. @throws the file error where stdin cannot be read */
export function readStandardInput(): string {
  const chunks: Buffer[] = [];
  for (;;) {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    try {
      const length = readSync(STDIN, chunk, 0, CHUNK_BYTES, null);
      if (length === 0) return Buffer.concat(chunks).toString('utf8');
      chunks.push(chunk.subarray(0, length));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EOF') return Buffer.concat(chunks).toString('utf8');
      if (!isRetryable(error)) throw error;
      waitBriefly();
    }
  }
}

/** Writes all of it. @param fd 1 or 2. @throws EPIPE where nobody reads any more */
export function writeWholly(fd: number, text: string): void {
  let rest = Buffer.from(text);
  while (rest.byteLength > 0) {
    try {
      rest = rest.subarray(writeSync(fd, rest));
    } catch (error) {
      if (!isRetryable(error)) throw error;
      waitBriefly();
    }
  }
}
