import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { BatchRecord } from '#model/protocol/agent-batch.ts';
import { buildClusterNode, buildSnapshot } from '#model/testing/build-node.ts';
import type { ClusterTopology } from '#model/topology/topology.ts';
import { ONLY_PERSON } from '../auth/viewer.ts';
import { LiveBrowser } from '../testing/live-browser.ts';
import { startTestServer, type TestServer } from '../testing/start-test-server.ts';
import type { FoldListener } from '../topology/fold-listener.ts';
import { LiveHub } from './live-hub.ts';
import { encodePayload } from './live-topic.ts';

const NODE = 'k8s-node01';

async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await sleep(20);
}

const readText = async (app: TestServer, path: string): Promise<string> => (await fetch(`${app.url}${path}`)).text();

async function openBrowsers(app: TestServer, count: number): Promise<LiveBrowser[]> {
  const browsers = Array.from({ length: count }, () => new LiveBrowser(app.url));
  await Promise.all(browsers.map((browser) => browser.opened()));
  return browsers;
}

/** A kernel with wide records, so that a delta is large: `turn` changes every route. */
function buildWideSnapshot(turn: number) {
  const snapshot = buildSnapshot([1], turn);
  const [root, ...others] = snapshot.namespaces;
  if (root === undefined) throw new Error('no root namespace');
  const [route] = root.routes;
  if (route === undefined) throw new Error('no route');
  const routes = Array.from({ length: 1_500 }, (_, index) => ({
    ...route,
    destination: `10.${index >> 8}.${index & 255}.0/24`,
    raw: { turn, padding: 'x'.repeat(600) },
  }));
  return { ...snapshot, namespaces: [{ ...root, routes: [...root.routes, ...routes] }, ...others] };
}

test('two hundred browsers, three of them slow, end with what REST says', { timeout: 120_000 }, async () => {
  await using app = await startTestServer();
  const { fold } = app.server;
  app.server.cluster.put('node', buildClusterNode(NODE, '10.240.2.0/24'));
  await app.post(1, [{ type: 'kernel.snapshot', snapshot: buildWideSnapshot(1) }]);
  const browsers = await openBrowsers(app, 200);
  const slow = browsers.slice(0, 3);
  const quick = browsers.slice(3);
  // The wide node goes to the slow and to ten others: 200 times its bytes would be a test of this machine's loopback.
  for (const browser of browsers.slice(0, 13)) browser.subscribe('wide', { kind: 'node', node: NODE });
  for (const browser of browsers) {
    browser.subscribe('small', { kind: 'node', node: 'controlplane' });
    browser.subscribe('findings', { kind: 'findings' });
    browser.subscribe('all', { kind: 'invocations' });
  }
  await until(() => browsers.every((each) => each.count('snapshot.invocations') === 1));
  for (const browser of slow) browser.socket.pause();
  for (let turn = 2; turn <= 40; turn += 1) {
    await app.post(turn, [{ type: 'kernel.snapshot', snapshot: buildWideSnapshot(turn) }]);
    const small = buildSnapshot(turn % 2 === 0 ? [1, 2] : [2, 3], turn, 'controlplane');
    const found = {
      id: `x/${turn % 5}`,
      rule: 'x',
      severity: 'notice',
      title: 'x',
      since: '2026-01-01T00:00:00.000Z',
    } as const;
    const records: BatchRecord[] = [
      { type: 'kernel.snapshot', snapshot: small },
      { type: 'agent.findings', findings: [{ ...found, evidence: [] }] },
    ];
    await app.post(turn, records, { node: 'controlplane' });
    fold.flush();
  }
  const { hub } = app.server;
  expect(hub.fallenBehind).toBeGreaterThanOrEqual(3);
  // What a slow browser holds back: a mebibyte, the message that went over it, and one snapshot.
  const snapshotBytes = encodePayload({ type: 'snapshot.node', topology: fold.node(NODE) }).body.length;
  expect(hub.bufferedBytes).toBeLessThan(3 * ((1 << 20) + 2 * snapshotBytes) + (1 << 20));
  for (const browser of slow) browser.socket.resume();
  await until(async () => {
    const [wide, small, found] = await Promise.all([
      readText(app, `/api/v1/nodes/${NODE}`),
      readText(app, '/api/v1/nodes/controlplane'),
      readText(app, '/api/v1/findings'),
    ]);
    const listed = (browser: LiveBrowser) => ({
      findings: Object.values(browser.held.get('findings')?.findings ?? {}),
    });
    return (
      browsers.slice(0, 13).every((each) => isSame(each.held.get('wide'), wide)) &&
      browsers.every((each) => isSame(each.held.get('small'), small) && isSame(listed(each), found))
    );
  });
  expect(browsers.flatMap((each) => each.gaps)).toEqual([]);
  // Those who read had deltas; those who did not, snapshots in between.
  expect(quick.every((each) => each.count('delta') > 30)).toBe(true);
  expect(slow.every((each) => each.count('snapshot.node') > 2)).toBe(true);
  for (const browser of browsers) browser.socket.terminate();
});

function isSame(held: unknown, text: string): boolean {
  try {
    expect(held).toEqual(JSON.parse(text));
    return true;
  } catch {
    return false;
  }
}

test('a change is serialised once for all who follow it', async () => {
  let heard: FoldListener | undefined;
  const fold = {
    listen: (listener: FoldListener) => {
      heard = listener;
      return () => undefined;
    },
    summaries: () => [][Symbol.iterator](),
  };
  const head = { source: 'none', nodeCount: 0, podCount: 0, unscheduledPods: 0 } as const;
  const cluster: ClusterTopology = { cluster: { cluster: head }, nodes: {} };
  const source = {
    cluster: () => cluster,
    shared: (topology: ClusterTopology) => ({ topology, nodes: new Map(), unscheduled: [], atMs: 0 }),
    node: () => undefined,
    invocations: () => ({ invocations: [], olderCount: 0 }),
  };
  const hub = new LiveHub({ fold, source, clock: () => new Date(), version: 'test' });
  const server = createServer()
    .on('upgrade', (...upgrade) => hub.upgrade(...upgrade, ONLY_PERSON))
    .listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const browsers = Array.from({ length: 20 }, () => new LiveBrowser(url));
  await Promise.all(browsers.map((browser) => browser.opened()));
  for (const browser of browsers) browser.subscribe('c', { kind: 'cluster' });
  await until(() => browsers.every((each) => each.count('snapshot.cluster') === 1));
  let count = 0;
  const toJSON = () => {
    count += 1;
    return 'told';
  };
  heard?.clusterChanged(cluster, { put: { nodes: { n: { toJSON } } }, remove: {} });
  await until(() => browsers.every((each) => each.held.get('c')?.nodes?.n === 'told'));
  expect(count).toBe(1);
  hub.close();
  server.close();
});

test('a browser that sends too much, too large or nonsense disturbs no other one', async () => {
  await using app = await startTestServer();
  const [good, huge, flood, babble] = await openBrowsers(app, 4);
  if (good === undefined || huge === undefined || flood === undefined || babble === undefined)
    throw new Error('no browsers');
  good.subscribe('n', { kind: 'node', node: NODE });
  huge.socket.send('x'.repeat(100_000));
  for (let index = 0; index < 1_500; index += 1) flood.subscribe('n', { kind: 'node', node: NODE });
  babble.socket.send(Buffer.from([0xff, 0xfe, 0]));
  babble.socket.send(`${'['.repeat(20_000)}`);
  await until(() => huge.closeCode === 1009 && flood.closeCode === 1008 && babble.errors.length === 2);
  await app.post(1, [{ type: 'kernel.snapshot', snapshot: buildSnapshot([1]) }]);
  await until(() => good.held.get('n') !== undefined && good.count('snapshot.node') === 2);
  expect(good.errors).toEqual([]);
  good.socket.terminate();
  babble.socket.terminate();
});

test('a socket that is opened and torn without a word is forgotten', async () => {
  await using app = await startTestServer();
  const [torn] = await openBrowsers(app, 1);
  torn?.subscribe('n', { kind: 'node', node: NODE });
  await until(() => torn?.count('snapshot.node') === 1);
  expect(app.server.hub.size).toBe(1);
  torn?.socket.terminate();
  const bare = connect(app.server.port, '127.0.0.1');
  bare.write('GET /api/v1/live HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
  bare.on('error', () => undefined);
  await until(() => app.server.hub.size === 0);
  bare.destroy();
});
