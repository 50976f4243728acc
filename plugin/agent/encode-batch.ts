import { gzipSync } from 'node:zlib';
import type { BatchHeader, BatchRecord } from '#model/protocol/agent-batch.ts';
import { fail, type Result, succeed } from '#model/result.ts';

const MIB = 1024 * 1024;

/** What a batch may be, unpacked and packed: below what a collector takes (128 and 16 MiB). */
export const batchLimits = { plainBytes: 96 * MIB, packedBytes: 14 * MIB } as const;

/**
 * gzip NDJSON: the header line, then one line per record.
 * @returns or why no collector would take it
 */
export function encodeBatch(
  header: BatchHeader,
  records: readonly BatchRecord[],
  limits: { readonly plainBytes: number; readonly packedBytes: number } = batchLimits,
): Result<Uint8Array<ArrayBuffer>, string> {
  const lines: string[] = [];
  let plainBytes = 0;
  for (const part of [header, ...records]) {
    const line = `${JSON.stringify(part)}\n`;
    plainBytes += Buffer.byteLength(line);
    if (plainBytes > limits.plainBytes) return fail(`more than ${limits.plainBytes} bytes`);
    lines.push(line);
  }
  const packed = new Uint8Array(gzipSync(lines.join(''), { level: 1 }));
  if (packed.byteLength > limits.packedBytes) return fail(`more than ${limits.packedBytes} bytes, packed`);
  return succeed(packed);
}
