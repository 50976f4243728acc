import { gzipSync } from 'node:zlib';
import type { BatchHeader, BatchRecord } from '#model/protocol/agent-batch.ts';
import { fail, type Result, succeed } from '#model/result.ts';

const MIB = 1024 * 1024;

/** What a batch may be, unpacked and packed: below what a collector takes (128 and 16 MiB). */
export const batchLimits = { plainBytes: 96 * MIB, packedBytes: 14 * MIB } as const;

/** A body as it goes out, and how it is packed: the value of Content-Encoding. */
export interface EncodedBatch {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly encoding: 'gzip' | 'identity';
}

/** To pack less costs more than to send it: the change of one link, a heartbeat. */
const smallBytes = 4 * 1024;

/**
 * NDJSON, the header line, then one line per record; in gzip unless it is small.
 * @returns or why no collector would take it
 */
export function encodeBatch(
  header: BatchHeader,
  records: readonly BatchRecord[],
  limits: { readonly plainBytes: number; readonly packedBytes: number } = batchLimits,
): Result<EncodedBatch, string> {
  const lines: string[] = [];
  let plainBytes = 0;
  for (const part of [header, ...records]) {
    const line = `${JSON.stringify(part)}\n`;
    plainBytes += Buffer.byteLength(line);
    if (plainBytes > limits.plainBytes) return fail(`more than ${limits.plainBytes} bytes`);
    lines.push(line);
  }
  const text = lines.join('');
  const encoding = plainBytes < smallBytes ? 'identity' : 'gzip';
  const bytes = encoding === 'gzip' ? new Uint8Array(gzipSync(text, { level: 1 })) : new TextEncoder().encode(text);
  if (bytes.byteLength > limits.packedBytes) return fail(`more than ${limits.packedBytes} bytes, packed`);
  return succeed({ bytes, encoding });
}
