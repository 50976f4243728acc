import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BatchHeader, type BatchReceipt, BatchRecord } from '#model/protocol/agent-batch.ts';
import { startTestLab, type TestLab, waitFor } from '../start-test-lab.ts';

type Batch = { readonly header: BatchHeader; readonly records: readonly BatchRecord[] };

const batches: Batch[] = [];
let directory: string;
let collector: Server;
let lab: TestLab;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'podwire-collector-'));
  const socket = join(directory, 'run', 'collector.sock');
  await mkdir(join(directory, 'run'));
  collector = createServer(async (request, response) => {
    // It has no commands to give.
    if (request.method !== 'POST') return void response.writeHead(404).end();
    const body = Buffer.concat(await request.toArray());
    const [header, ...records] = gunzipSync(body).toString('utf8').trim().split('\n');
    const batch = {
      header: BatchHeader.parse(JSON.parse(header ?? '')),
      records: records.map((line) => BatchRecord.parse(JSON.parse(line))),
    };
    batches.push(batch);
    const receipt: BatchReceipt = { acknowledged: batch.header.sequence, needsSnapshot: false };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(receipt));
  });
  await new Promise<void>((listening) => collector.listen(socket, listening));
  lab = await startTestLab({ PODWIRE_LAB_COLLECTOR: socket });
}, 60_000);

afterAll(async () => {
  await lab[Symbol.asyncDispose]();
  collector.closeAllConnections();
  collector.close();
  await rm(directory, { recursive: true, force: true });
});

const listPods = () =>
  batches
    .flatMap(({ records }) => records)
    .flatMap((record) => (record.type === 'invocation' && record.event.data.verb === 'ADD' ? [record.event] : []))
    .map(({ source, subject }) => `${source} ${subject}`)
    .sort();

test('the agents of both nodes tell every ADD to a collector outside of the lab', async () => {
  await waitFor('three invocations', async () => listPods().length >= 3);
  expect(listPods()).toEqual([
    '/nodes/controlplane/plugin default/nginx2',
    '/nodes/k8s-node01/plugin default/busybox',
    '/nodes/k8s-node01/plugin default/nginx1',
  ]);
});

test('an agent sees the namespaces of its own node only', async () => {
  const [name] = (await lab.execOnNode('controlplane', 'ls', '/run/netns')).stdout.trim().split('\n');
  const seen = (node: string) => JSON.stringify(batches.filter(({ header }) => header.node === node));
  await waitFor('the namespace of nginx2', async () => seen('controlplane').includes(`netns/${name}`));
  expect(seen('k8s-node01')).not.toContain(name);
});

test('an agent that is killed comes back', async () => {
  const first = batches.find(({ header }) => header.node === 'k8s-node01')?.header.bootId;
  expect(first).toBeDefined();
  const killed = await lab.execOnNode('k8s-node01', 'sh', '-c', 'kill -9 $(pidof podwire)');
  expect(killed).toMatchObject({ exitCode: 0 });
  await waitFor('a batch of the next agent', async () =>
    batches.some(({ header }) => header.node === 'k8s-node01' && header.bootId !== first),
  );
});
