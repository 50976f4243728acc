import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { BatchRecord } from '#model/protocol/agent-batch.ts';
import { LiveMessage, type LiveView } from '#model/protocol/live-message.ts';
import {
  buildClusterNode,
  buildClusterPod,
  buildInvocation,
  buildSnapshot,
  seedRandom,
} from '#model/testing/build-node.ts';
import { applyTopologyDelta } from '#model/topology/apply-topology-delta.ts';
import type { NodeTopology } from '#model/topology/topology.ts';
import { startTestServer } from '../testing/start-test-server.ts';
import { BEHIND_BYTES, LiveSession } from './live-session.ts';

type Browser = { readonly messages: LiveMessage[]; readonly socket: WebSocket };

async function openBrowser(url: string, views: Record<string, LiveView>): Promise<Browser> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/api/v1/live`);
  const messages: LiveMessage[] = [];
  socket.on('message', (data) => messages.push(LiveMessage.parse(JSON.parse(String(data)))));
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  for (const [id, view] of Object.entries(views)) socket.send(JSON.stringify({ type: 'subscribe', id, view }));
  return { messages, socket };
}

async function waitFor<T>(read: () => T | undefined): Promise<T> {
  for (;;) {
    const value = read();
    if (value !== undefined) return value;
    await sleep(5);
  }
}

/** What a browser holds of a node after all its messages; every number must follow the one before. */
function replayNode(messages: readonly LiveMessage[], id: string): NodeTopology | undefined {
  let topology: NodeTopology | undefined;
  let last = 0;
  for (const message of messages) {
    if (!('seq' in message) || message.id !== id) continue;
    expect(message.seq).toBe(last + 1);
    last = message.seq;
    if (message.type === 'snapshot.node') topology = message.topology;
    if (message.type === 'delta' && topology !== undefined) topology = applyTopologyDelta(topology, message.delta);
  }
  return topology;
}

test.each([1, 2, 3])('snapshot and deltas equal the REST state after a random history (seed %i)', async (seed) => {
  await using app = await startTestServer();
  const random = seedRandom(seed);
  const { messages, socket } = await openBrowser(app.url, { n: { kind: 'node', node: 'k8s-node01' } });
  await waitFor(() => messages.find((each) => each.type === 'snapshot.node'));
  const plugged = new Set<number>();
  for (let round = 1; round <= 40; round += 1) {
    const pod = 1 + Math.floor(random() * 6);
    const verb = plugged.has(pod) ? 'DEL' : 'ADD';
    if (verb === 'ADD') plugged.add(pod);
    else plugged.delete(pod);
    const records: BatchRecord[] = [
      { type: 'invocation', event: buildInvocation(verb, pod, { id: `${round}` }) },
      { type: 'kernel.snapshot', snapshot: buildSnapshot([...plugged], round) },
    ];
    if (random() < 0.5) {
      app.server.cluster.put('pod', buildClusterPod(pod, { phase: random() < 0.5 ? 'Pending' : 'Running' }));
    }
    if (random() < 0.2) app.server.cluster.remove('pod', `default/pod${pod}`);
    if (random() < 0.2) app.server.cluster.put('node', buildClusterNode('k8s-node01', '10.240.2.0/24'));
    await app.post(round, records);
    if (random() < 0.5) await sleep(20);
  }
  const { body } = await app.get('/api/v1/nodes/k8s-node01');
  // The read above recomputed; a message behind it closes the queue.
  socket.send(JSON.stringify({ type: 'subscribe', id: 'end', view: { kind: 'cluster' } }));
  await waitFor(() => messages.find((each) => each.type === 'snapshot.cluster'));
  expect(replayNode(messages, 'n')).toEqual(body);
  expect(messages.some((each) => each.type === 'delta')).toBe(true);
  socket.close();
});

test('a browser hears of an invocation that arrives after its snapshot, on its node only', async () => {
  await using app = await startTestServer();
  const { messages, socket } = await openBrowser(app.url, {
    here: { kind: 'invocations', node: 'k8s-node01' },
    there: { kind: 'invocations', node: 'controlplane' },
  });
  await waitFor(() => messages.filter((each) => each.type === 'snapshot.invocations')[1]);
  await app.post(1, [{ type: 'invocation', event: buildInvocation('ADD', 1, { id: 'a' }) }]);
  const heard = await waitFor(() => messages.find((each) => each.type === 'invocations'));
  expect(heard).toMatchObject({ id: 'here', seq: 2, invocations: [{ id: 'a', pod: 'default/pod1' }] });
  expect(messages.filter((each) => each.type === 'invocations')).toHaveLength(1);
  socket.close();
});

test('a node that appears after the subscription sends its snapshot', async () => {
  await using app = await startTestServer();
  const { messages, socket } = await openBrowser(app.url, { n: { kind: 'node', node: 'k8s-node01' } });
  const first = await waitFor(() => messages.find((each) => each.type === 'snapshot.node'));
  expect(first).not.toHaveProperty('topology');
  await app.post(1, [{ type: 'kernel.snapshot', snapshot: buildSnapshot([1]) }]);
  const second = await waitFor(() => messages.filter((each) => each.type === 'snapshot.node')[1]);
  expect(second).toMatchObject({ seq: 2, topology: { node: { node: { name: 'k8s-node01' } } } });
  socket.close();
});

test('a slow consumer gets one fresh snapshot instead of a queue', async () => {
  await using app = await startTestServer();
  await app.post(1, [{ type: 'kernel.snapshot', snapshot: buildSnapshot([1]) }]);
  const { fold } = app.server;
  const sent: LiveMessage[] = [];
  // A double: the amount that a socket holds back depends on the machine's buffers, and the test has to steer it.
  const socket = { bufferedAmount: 0, send: (text: string) => void sent.push(LiveMessage.parse(JSON.parse(text))) };
  const session = new LiveSession(socket, {
    cluster: () => fold.cluster(),
    node: (name) => fold.node(name),
    invocations: () => ({ invocations: [], olderCount: 0 }),
  });
  fold.listen(session);
  session.receive(JSON.stringify({ type: 'subscribe', id: 'n', view: { kind: 'node', node: 'k8s-node01' } }));
  socket.bufferedAmount = BEHIND_BYTES + 1;
  for (const sequence of [2, 3, 4]) {
    await app.post(sequence, [{ type: 'kernel.snapshot', snapshot: buildSnapshot([1, sequence], sequence) }]);
    fold.flush();
  }
  session.catchUp();
  expect(sent).toHaveLength(1);
  socket.bufferedAmount = 0;
  session.catchUp();
  expect(sent.map((each) => each.type)).toEqual(['snapshot.node', 'snapshot.node']);
  expect(replayNode(sent, 'n')).toEqual(JSON.parse(JSON.stringify(fold.node('k8s-node01'))));
});

test('a request that is none is answered with an error and the connection lives on', async () => {
  await using app = await startTestServer();
  const { messages, socket } = await openBrowser(app.url, {});
  socket.send('{"type":"dance"}');
  await waitFor(() => messages.find((each) => each.type === 'error'));
  socket.send(JSON.stringify({ type: 'subscribe', id: 'c', view: { kind: 'cluster' } }));
  await waitFor(() => messages.find((each) => each.type === 'snapshot.cluster'));
  socket.close();
});
