import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { BatchRecord } from '#model/protocol/agent-batch.ts';
import { NodeBody } from '#model/protocol/rest.ts';
import { buildClusterNode, buildClusterPod, buildInvocation, buildSnapshot } from '#model/testing/build-node.ts';
import { startTestServer, type TestServer } from '../testing/start-test-server.ts';

const READS = [
  '/api/v1/cluster',
  '/api/v1/nodes',
  '/api/v1/nodes/k8s-node01',
  '/api/v1/nodes/k8s-node01/kernel',
  '/api/v1/pods',
  '/api/v1/pods?q=veth1',
  '/api/v1/pods/default/pod1',
  '/api/v1/events',
  '/api/v1/events?verb=ADD',
  '/api/v1/events/b',
  '/api/v1/findings',
];

const missingRoute = {
  ...{ id: 'r/1', rule: 'r', severity: 'error' as const, title: 'no route', evidence: ['e'] },
  since: '2026-01-01T00:00:00.000Z',
};

/** What every read answers about one moment, and the moment: all of it in between two entries of the log. */
async function readAll(app: TestServer): Promise<{ readonly at: string; readonly answers: readonly unknown[] }> {
  const at = new Date().toISOString();
  const answers: unknown[] = [];
  for (const path of READS) answers.push(await app.get(path));
  // The next entry is of another millisecond.
  while (new Date().toISOString() === at) await sleep(1);
  return { at, answers };
}

const withAt = (path: string, at: string): string =>
  `${path}${path.includes('?') ? '&' : '?'}at=${encodeURIComponent(at)}`;

test('every read answers about a time that has passed as it did then', async () => {
  await using app = await startTestServer();
  const { cluster } = app.server;
  const invocation = (verb: 'ADD' | 'DEL', id: string) =>
    ({ type: 'invocation', event: buildInvocation(verb, 1, { id, startedAt: new Date().toISOString() }) }) as const;
  const steps: readonly (() => unknown)[] = [
    () => cluster.put('node', buildClusterNode('k8s-node01', '10.240.2.0/24')),
    () => app.post(1, [{ type: 'kernel.snapshot', snapshot: buildSnapshot([1]) }]),
    () => cluster.put('pod', buildClusterPod(1)),
    () => app.post(2, [invocation('ADD', 'a')]),
    () => app.post(3, [invocation('DEL', 'b'), { type: 'kernel.snapshot', snapshot: buildSnapshot([], 2) }]),
    () => app.post(4, [{ type: 'agent.findings', findings: [missingRoute] }]),
    () => cluster.remove('pod', 'default/pod1'),
  ];
  const seen: Awaited<ReturnType<typeof readAll>>[] = [];
  for (const step of steps) {
    await step();
    seen.push(await readAll(app));
  }
  for (const { at, answers } of seen) {
    for (const [place, path] of READS.entries()) {
      expect(await app.get(withAt(path, at)), `${path} at ${at}`).toEqual(answers[place]);
    }
  }
  expect(new Set(seen.map(({ answers }) => JSON.stringify(answers))).size).toBe(steps.length);
});

test('no read takes a time that is none, or one before what is kept', async () => {
  await using app = await startTestServer();
  await app.post(1, [{ type: 'invocation', event: buildInvocation('ADD', 1, { id: 'b' }) }]);
  for (const path of READS) {
    const [none, gone] = [
      await app.get(withAt(path, 'yesterday')),
      await app.get(withAt(path, '1999-01-01T00:00:00Z')),
    ];
    expect(none, path).toMatchObject({ status: 400, body: { type: 'https://podwire.io/problems/invalid-request' } });
    expect(gone, path).toMatchObject({ status: 410, body: { type: 'https://podwire.io/problems/before-retention' } });
  }
});

test('a time that has not come is answered as now', async () => {
  await using app = await startTestServer();
  await app.post(1, [{ type: 'kernel.snapshot', snapshot: buildSnapshot([1]) }]);
  const then = await app.get('/api/v1/nodes/k8s-node01/kernel?at=2999-01-01T00:00:00%2B02:00');
  expect(then).toEqual({ status: 200, body: buildSnapshot([1]) });
});

test('status, findings and drifts of an agent are part of its node, drifts newest first and 50 of them', async () => {
  await using app = await startTestServer();
  const count = {
    resyncs: 1,
    corrections: 0,
    notificationOverflows: 0,
    interruptedDumps: 0,
    foldedChanges: 0,
    droppedDrifts: 0,
  };
  const journal = { shippedLines: 1, unreadableLines: 0, refusedLines: 0, droppedLines: 0, waitingBytes: 0 };
  const status = { ...count, journal, rssBytes: 1_000 };
  const time = '2026-01-01T00:00:00.000Z';
  const finding = { id: 'r/1', rule: 'r', severity: 'error', title: 't', evidence: ['e'], since: time } as const;
  const drifts = Array.from({ length: 60 }, (_, place): BatchRecord => {
    const drift = { id: `d${place}`, time, object: 'x', kind: 'route', found: 'missing', outcome: 'repaired' } as const;
    return { type: 'drift', drift };
  });
  const words: BatchRecord[] = [
    { type: 'agent.status', status },
    { type: 'agent.findings', findings: [{ ...finding, evidence: ['e'] }] },
    ...drifts,
  ];
  await app.post(1, words);
  await app.post(2, drifts.slice(-1));
  const read = async () => NodeBody.parse((await app.get('/api/v1/nodes/k8s-node01')).body).node.node;
  const node = await read();
  expect(node?.agent.status).toEqual(status);
  expect(node?.findings).toEqual([finding]);
  expect(node?.drifts).toHaveLength(50);
  expect(node?.drifts[0]?.id).toBe('d59');
  await app.post(3, [{ type: 'agent.findings', findings: [] }]);
  expect((await read())?.findings).toEqual([]);
});
