import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import type { BatchRecord } from '#model/protocol/agent-batch.ts';
import { encodeBatch } from './encode-batch.ts';
import { makeJournalEvent } from './test-journal.ts';

const header = { protocol: 1, node: 'n', bootId: 'b', sequence: 1, agentVersion: '0', sentAt: '' } as const;
const records: readonly BatchRecord[] = [{ type: 'invocation', event: makeJournalEvent('ü') }];

it('a batch is a header and its records, one line each', () => {
  const encoded = encodeBatch(header, records);
  const text = encoded.ok ? gunzipSync(encoded.value).toString('utf8') : '';
  expect(text.split('\n').map((line) => (line === '' ? '' : JSON.parse(line)))).toEqual([header, ...records, '']);
});

it('a batch that no collector would take is not made', () => {
  const plainBytes = Buffer.byteLength(`${JSON.stringify(header)}\n${JSON.stringify(records[0])}\n`);
  const packedBytes = 100_000;
  expect(encodeBatch(header, records, { plainBytes, packedBytes }).ok).toBe(true);
  expect(encodeBatch(header, records, { plainBytes: plainBytes - 1, packedBytes }).ok).toBe(false);
  expect(encodeBatch(header, records, { plainBytes, packedBytes: 50 }).ok).toBe(false);
});
