import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { gzipSync } from 'node:zlib';
import pino from 'pino';
import { expect, test } from 'vitest';
import type { InvocationEvent } from '#model/cni/invocation-event.ts';
import { EventBody, NodeBody } from '#model/protocol/rest.ts';
import { buildInvocation, buildPodNamespace, buildSnapshot } from '#model/testing/build-node.ts';
import { openLog } from '../open-log.ts';
import { openStore } from '../store/open-store.ts';
import { makeDataFolder, startTestServer, writeBatch } from '../testing/start-test-server.ts';
import { Collector } from './collector.ts';

const add = (id: string) => ({ type: 'invocation', event: buildInvocation('ADD', 1, { id }) }) as const;
const snapshot = { type: 'kernel.snapshot', snapshot: buildSnapshot([1]) } as const;

const countEvents = async (app: Awaited<ReturnType<typeof startTestServer>>) =>
  ((await app.get('/api/v1/events')).body as { events: unknown[] }).events.length;

test('a batch sent twice, and an event sent in two batches, are stored once', async () => {
  await using app = await startTestServer();
  const first = await app.post(1, [add('a'), snapshot]);
  expect(first).toEqual({ status: 200, body: { acknowledged: 1, needsSnapshot: false } });
  expect((await app.post(1, [add('a'), snapshot])).body).toEqual({ acknowledged: 1, needsSnapshot: false });
  await app.post(2, [add('a'), add('b')]);
  expect(await countEvents(app)).toBe(2);
});

test('what is remembered of batches does not grow with their number, nor with the starts of an agent', async () => {
  const folder = makeDataFolder();
  try {
    {
      await using app = await startTestServer(folder);
      for (let boot = 1; boot <= 3; boot += 1) {
        for (let sequence = 1; sequence <= 105; sequence += 1) await app.post(sequence, [], { bootId: `boot-${boot}` });
      }
      await app.post(105, [add('a')], { bootId: 'boot-2' });
      await app.post(105, [add('a')], { bootId: 'boot-3' });
      expect(await countEvents(app)).toBe(0);
    }
    const database = new DatabaseSync(join(folder, 'podwire.db'));
    expect(database.prepare('SELECT boot_id, count(*) AS count FROM batch GROUP BY boot_id').all()).toEqual([
      { boot_id: 'boot-2', count: 100 },
      { boot_id: 'boot-3', count: 100 },
    ]);
    database.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('the topology that REST answers is made of what the agent posted', async () => {
  await using app = await startTestServer();
  await app.post(1, [snapshot, add('a')]);
  const node = NodeBody.parse((await app.get('/api/v1/nodes/k8s-node01')).body);
  expect(node.attachments['container-1/eth0']).toMatchObject({
    pod: 'default/pod1',
    hostLinkIndex: 11,
    bridgeIndex: 3,
  });
  expect(node.node.node?.agent.state).toBe('live');
  expect((await app.get('/api/v1/nodes/k8s-node01/kernel')).body).toEqual(buildSnapshot([1]));
  const event = EventBody.parse((await app.get('/api/v1/events/a')).body);
  expect(event.event).toEqual(buildInvocation('ADD', 1, { id: 'a' }));
});

test('an event of a tap keeps the chain it was in, and the trace of the runtime', async () => {
  await using app = await startTestServer();
  const { data, ...envelope } = buildInvocation('ADD', 1, { id: 'a' });
  const plugins = [
    { type: 'bridge', bridge: 'br7' },
    { type: 'podwire', mode: 'tap' },
  ];
  const event: InvocationEvent = {
    ...envelope,
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    tracestate: 'rojo=00f067aa0ba902b7',
    data: { ...data, mode: 'tap', config: { path: '/etc/cni/net.d/10-other.conflist', digest: 'sha256:00', plugins } },
  };
  await app.post(1, [{ type: 'invocation', event }]);
  expect(EventBody.parse((await app.get('/api/v1/events/a')).body).event).toEqual(event);
});

test('a record nested too deep for the check is refused like any other bad one', async () => {
  await using app = await startTestServer();
  const stdin = JSON.parse(`${'['.repeat(5_000)}${']'.repeat(5_000)}`) as [];
  const { data, ...envelope } = buildInvocation('ADD', 1, { id: 'a' });
  const answer = await app.post(1, [{ type: 'invocation', event: { ...envelope, data: { ...data, stdin } } }]);
  expect(answer).toMatchObject({ status: 422, body: { detail: expect.stringContaining('Line 2') } });
  expect((await app.post(2, [add('b')])).status).toBe(200);
});

test('a delta whose predecessor was lost changes nothing and asks for a snapshot', async () => {
  await using app = await startTestServer();
  await app.post(1, [snapshot]);
  const delta = {
    node: 'k8s-node01',
    bootId: 'boot-1',
    time: '2026-01-01T00:00:01.000Z',
    sequence: 5,
    changes: [{ type: 'namespace.put', namespace: buildPodNamespace(2) } as const],
  };
  const lost = await app.post(2, [{ type: 'kernel.delta', delta }]);
  expect(lost.body.needsSnapshot).toBe(true);
  const healed = await app.post(3, [{ type: 'kernel.snapshot', snapshot: buildSnapshot([1, 2], 6) }]);
  expect(healed.body.needsSnapshot).toBe(false);
});

/** RFC 1952: the last four bytes are the length of what is inside. */
function lieAboutLength(body: Uint8Array): Uint8Array {
  const lie = Uint8Array.from(body);
  lie.fill(0xff, -4);
  return lie;
}

const refused = [
  { name: 'no gzip', body: Buffer.from('plain'), word: 'malformed-batch', status: 422 },
  { name: 'three bytes', body: Buffer.from([0x1f, 0x8b, 8]), word: 'malformed-batch', status: 422 },
  { name: 'nothing', body: Buffer.alloc(0), word: 'malformed-batch', status: 422 },
  {
    name: 'gzip that lies about its length',
    body: lieAboutLength(writeBatch(1, [add('a')])),
    word: 'malformed-batch',
    status: 422,
  },
  { name: 'no JSON', body: gzipSync('{'), word: 'malformed-batch', status: 422 },
  { name: 'another protocol', body: writeBatch(1, [], { protocol: 2 }), word: 'unsupported-protocol', status: 422 },
  { name: 'an unknown record', body: writeBatch(1, [add('a'), { type: '?' }]), word: 'malformed-batch', status: 422 },
  {
    name: 'a snapshot of another node',
    body: writeBatch(1, [add('a'), snapshot], { node: 'other' }),
    word: 'malformed-batch',
    status: 422,
  },
  { name: 'a gzip bomb', body: gzipSync(Buffer.alloc(129 * 2 ** 20)), word: 'too-large', status: 413 },
  { name: 'a body beyond the limit', body: Buffer.alloc(17 * 2 ** 20), word: 'too-large', status: 413 },
];

test.each(refused)('$name is refused with a problem and nothing is stored', async ({ body, status, word }) => {
  await using app = await startTestServer();
  const answer = await app.postRaw(body);
  expect(answer.status).toBe(status);
  expect(answer.body).toMatchObject({ type: `https://podwire.io/problems/${word}`, status });
  expect(await countEvents(app)).toBe(0);
  expect((await app.get('/api/v1/nodes')).body).toEqual({ nodes: [] });
});

test('a restart keeps the events and shows the last kernel state as stale until the agent speaks', async () => {
  const folder = makeDataFolder();
  try {
    {
      await using app = await startTestServer(folder);
      await app.post(1, [snapshot, add('a')]);
    }
    await using app = await startTestServer(folder);
    const before = NodeBody.parse((await app.get('/api/v1/nodes/k8s-node01')).body);
    expect(before.node.node?.agent.state).toBe('stale');
    expect(before.attachments['container-1/eth0']?.hostLinkIndex).toBe(11);
    expect(await countEvents(app)).toBe(1);
    // The batch is known from before, and so is the kernel as of it: what comes next can be a delta.
    expect((await app.post(1, [snapshot, add('a')])).body).toEqual({ acknowledged: 1, needsSnapshot: false });
    expect((await app.post(2, [snapshot])).body.needsSnapshot).toBe(false);
    const after = NodeBody.parse((await app.get('/api/v1/nodes/k8s-node01')).body);
    expect(after.node.node?.agent.state).toBe('live');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('events come newest first in pages that miss none, and filters narrow them', async () => {
  await using app = await startTestServer();
  const records = Array.from({ length: 7 }, (_, index) => add(`e${index}`));
  const failed = { type: 'invocation', event: buildInvocation('DEL', 2, { id: 'x', fails: true }) } as const;
  await app.post(1, [...records, failed]);
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const { body } = await app.get(`/api/v1/events?limit=3${cursor === undefined ? '' : `&cursor=${cursor}`}`);
    const page = body as { events: { id: string }[]; cursor?: string };
    seen.push(...page.events.map((event) => event.id));
    cursor = page.cursor;
  } while (cursor !== undefined);
  expect(seen).toEqual(['x', 'e6', 'e5', 'e4', 'e3', 'e2', 'e1', 'e0']);
  const narrow = await app.get('/api/v1/events?verb=DEL&outcome=error&pod=default/pod2&node=k8s-node01');
  expect((narrow.body as { events: unknown[] }).events).toHaveLength(1);
  expect((await app.get('/api/v1/events?from=2027-01-01T00:00:00Z')).body).toEqual({ events: [] });
  expect((await app.get('/api/v1/events?limit=0')).status).toBe(400);
});

test('an answer to a command is handed on once, however often its batch comes', async () => {
  const store = openStore(':memory:');
  if (!store.ok) throw new Error(store.error.problem);
  const log = pino({ level: 'silent' });
  const given = { store: store.value, path: ':memory:', source: 'none', log, clock: () => new Date() } as const;
  const opened = openLog(given);
  if (!opened.ok) throw new Error(opened.error.problem);
  const heard: unknown[] = [];
  const commandResults = (node: string, result: unknown) => void heard.push([node, result]);
  const collector = new Collector({ ...opened.value, log, commandResults, onBatch: () => undefined });
  const result = { id: 'c1', outcome: 'answered' } as const;
  const records = [{ type: 'command.result', result }] as const;
  const head = { protocol: 1, node: 'n1', bootId: 'b', sequence: 1, agentVersion: '0', sentAt: '' } as const;
  const both = await Promise.all([1, 2].map(() => collector.accept({ header: head, records, texts: [undefined] })));
  expect(both.map((each) => each.ok)).toEqual([true, true]);
  expect(heard).toEqual([['n1', result]]);
  opened.value.fold.close();
  store.value.close();
});
