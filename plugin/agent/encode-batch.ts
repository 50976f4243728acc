import { gzipSync } from 'node:zlib';
import type { BatchHeader, BatchRecord } from '#model/protocol/agent-batch.ts';

/** gzip NDJSON: the header line, then one line per record. */
export function encodeBatch(header: BatchHeader, records: readonly BatchRecord[]): Uint8Array<ArrayBuffer> {
  const lines = [header, ...records].map((line) => `${JSON.stringify(line)}\n`);
  return new Uint8Array(gzipSync(lines.join(''), { level: 1 }));
}
