import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import type { BatchRecord } from '#model/protocol/agent-batch.ts';
import { encodeBatch } from './encode-batch.ts';
import { makeJournalEvent } from './test-journal.ts';

const header = { protocol: 1, node: 'n', bootId: 'b', sequence: 1, agentVersion: '0', sentAt: '' } as const;
const records: readonly BatchRecord[] = [{ type: 'invocation', event: makeJournalEvent('ü') }];

const readLines = (text: string): unknown[] => text.split('\n').map((line) => (line === '' ? '' : JSON.parse(line)));

it('a batch is a header and its records, one line each', () => {
  const encoded = encodeBatch(header, records);
  const { bytes, encoding } = encoded.ok ? encoded.value : { bytes: new Uint8Array(), encoding: '' };
  expect(encoding).toBe('identity');
  expect(readLines(new TextDecoder().decode(bytes))).toEqual([header, ...records, '']);
});

it('a large batch goes in gzip', () => {
  const many = Array.from({ length: 20 }, () => records).flat();
  const encoded = encodeBatch(header, many);
  const { bytes, encoding } = encoded.ok ? encoded.value : { bytes: new Uint8Array(), encoding: '' };
  expect(encoding).toBe('gzip');
  expect(readLines(gunzipSync(bytes).toString('utf8'))).toEqual([header, ...many, '']);
});

it('a batch that no collector would take is not made', () => {
  const plainBytes = Buffer.byteLength(`${JSON.stringify(header)}\n${JSON.stringify(records[0])}\n`);
  const packedBytes = 100_000;
  expect(encodeBatch(header, records, { plainBytes, packedBytes }).ok).toBe(true);
  expect(encodeBatch(header, records, { plainBytes: plainBytes - 1, packedBytes }).ok).toBe(false);
  expect(encodeBatch(header, records, { plainBytes, packedBytes: 50 }).ok).toBe(false);
});
