import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { BatchRecord } from '#model/protocol/agent-batch.ts';
import { buildInvocation, buildSnapshot } from '#model/testing/build-node.ts';
import { LiveBrowser } from '../testing/live-browser.ts';
import { startTestServer, type TestServer } from '../testing/start-test-server.ts';

const readMetrics = async (app: TestServer): Promise<string> => (await fetch(`${app.url}/metrics`)).text();

const status = (droppedLines: number): BatchRecord => ({
  type: 'agent.status',
  status: {
    resyncs: 1,
    corrections: 3,
    notificationOverflows: 0,
    interruptedDumps: 0,
    foldedChanges: 0,
    droppedDrifts: 0,
    ...(droppedLines === 5 && { refusedReports: 3 }),
    journal: { shippedLines: 1, unreadableLines: 0, refusedLines: 0, droppedLines, waitingBytes: 0 },
    rssBytes: 50,
  },
});

test('what came in, what agents say and who listens is counted', async () => {
  await using app = await startTestServer();
  const snapshot = { type: 'kernel.snapshot', snapshot: buildSnapshot([1]) } as const;
  const foreign = { type: 'invocation', event: buildInvocation('ADD', 1, { id: 'a' }) } as const;
  await app.post(1, [snapshot, foreign, status(2)]);
  await app.post(1, [snapshot, foreign, status(2)]);
  await app.post(1, [foreign, status(5)], { node: 'controlplane' });
  await app.postRaw(Buffer.from('no gzip'));
  await app.postRaw(Buffer.from(''), { 'content-type': 'text/plain' });
  const browser = new LiveBrowser(app.url);
  await browser.opened();
  const text = await readMetrics(app);
  for (const line of [
    'podwire_ingest_batches_total{outcome="accepted"} 2',
    'podwire_ingest_batches_total{outcome="duplicate"} 1',
    'podwire_ingest_batches_total{outcome="refused"} 2',
    'podwire_ingest_refusals_total{reason="malformed-batch"} 1',
    'podwire_ingest_refusals_total{reason="unsupported-media-type"} 1',
    'podwire_ingest_records_total{type="invocation"} 2',
    'podwire_ingest_records_total{type="kernel.snapshot"} 1',
    'podwire_ingest_foreign_sources_total 1',
    'podwire_ingest_seconds_count 3',
    'podwire_stored_invocations 1',
    'podwire_live_browsers 1',
    'podwire_live_fallen_behind_total 0',
    'podwire_agents{state="live"} 1',
    'podwire_agents_listening 0',
    'podwire_agent_dropped_lines 7',
    'podwire_agent_corrections 6',
    'podwire_agent_refused_reports 3',
    'podwire_watch_state{kind="pod",state="starting"} 1',
    'podwire_watch_lists{kind="service"} 0',
  ]) {
    expect(text.split('\n')).toContain(line);
  }
  expect(Number(/^podwire_store_bytes (\d+)$/m.exec(text)?.[1])).toBeGreaterThan(10_000);
  browser.socket.terminate();
});

test('every metric is documented under its name, and no other one', async () => {
  await using app = await startTestServer();
  const names = (text: string, pattern: RegExp) => [...new Set(text.match(pattern))].sort();
  const documented = readFileSync(new URL('../../docs/collector.md', import.meta.url), 'utf8');
  const measured = await readMetrics(app);
  expect(names(documented, /(?<=`)podwire_\w+(?=[`{])/g)).toEqual(names(measured, /(?<=^# HELP )podwire_\w+/gm));
});

test('no label takes a name from outside: fifty nodes make no line more', async () => {
  await using app = await startTestServer();
  const countLines = async () => (await readMetrics(app)).split('\n').filter((line) => /^podwire_/.test(line)).length;
  await app.post(1, [status(0)], { node: 'n0' });
  const before = await countLines();
  for (let index = 1; index < 50; index += 1) await app.post(1, [status(0)], { node: `n${index}` });
  expect(await countLines()).toBe(before);
});
