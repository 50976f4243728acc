import { FileError, readInto, writeFrom } from '#plugin/netlink/file-calls.ts';
import { waitUntilReady } from '#plugin/netlink/libc.ts';
import { CNI_ERROR_CODE, CniFailure } from './cni-failure.ts';

const STDIN = 0;
const CHUNK_BYTES = 64 * 1024;

/** A configuration with the result of a whole chain is a few KiB; a stream without end must not fill the node's memory. */
const INPUT_LIMIT_BYTES = 16 * 1024 * 1024;

/** PIPE_BUF: what poll(2) promises a pipe to take without blocking. include/uapi/linux/limits.h */
const PIPE_CHUNK_BYTES = 4096;

/** How long one wait may last, asked anew each time. */
type WaitLimit = { remainingMs(): number };

/** stdin as far as it came, and what kept the rest away. */
export type StandardInput = { readonly text: string; readonly failure: CniFailure | undefined };

const isRetryable = (error: unknown): boolean => error instanceof FileError && error.code === 'EAGAIN';

/**
 * Everything up to the end of stdin, as UTF-8. read(2) instead of process.stdin: setting that stream up costs every pod
 * 7 ms.
 */
export function readStandardInput(limit: WaitLimit): StandardInput {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const chunk = new Uint8Array(CHUNK_BYTES);
  let text = '';
  let byteLength = 0;
  const finish = (failure?: CniFailure): StandardInput => ({ text: text + decoder.decode(), failure });
  while (byteLength <= INPUT_LIMIT_BYTES) {
    try {
      if (!waitUntilReady(STDIN, 'readable', limit.remainingMs())) return finish(describeOpenInput());
      const length = readInto(STDIN, chunk);
      if (length === 0) return finish();
      byteLength += length;
      text += decoder.decode(chunk.subarray(0, length), { stream: true });
    } catch (error) {
      if (!isRetryable(error)) return finish(describeUnreadableInput(error));
    }
  }
  const message = `the network configuration on stdin is larger than ${INPUT_LIMIT_BYTES} bytes`;
  return finish(new CniFailure(message, { code: CNI_ERROR_CODE.inputOutput }));
}

function describeOpenInput(): CniFailure {
  return new CniFailure('stdin was not closed by the runtime before the deadline', {
    code: CNI_ERROR_CODE.tryAgainLater,
  });
}

function describeUnreadableInput(error: unknown): CniFailure {
  return new CniFailure('stdin cannot be read', {
    code: CNI_ERROR_CODE.inputOutput,
    details: String(error),
    cause: error,
  });
}

/**
 * Writes all of it.
 * @param fd 1 or 2
 * @throws EPIPE where nobody reads any more; CniFailure of code 11 where someone could but does not
 */
export function writeWholly(fd: number, text: string, limit: WaitLimit): void {
  let rest: Uint8Array = new TextEncoder().encode(text);
  while (rest.byteLength > 0) {
    if (!waitUntilReady(fd, 'writable', limit.remainingMs())) {
      throw new CniFailure(`nobody took the answer from descriptor ${fd} before the deadline`, {
        code: CNI_ERROR_CODE.tryAgainLater,
      });
    }
    try {
      rest = rest.subarray(writeFrom(fd, rest.subarray(0, PIPE_CHUNK_BYTES)));
    } catch (error) {
      if (!isRetryable(error)) throw error;
    }
  }
}
