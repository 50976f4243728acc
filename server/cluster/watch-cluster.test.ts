import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { ApiServerDouble } from '../testing/api-server-double.ts';
import { watchIntoSink } from '../testing/watch-into-sink.ts';

const pod = (name: string, namespace = 'default') => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace, name, uid: `uid-${name}` },
  spec: { nodeName: 'n1', containers: [{ name: 'c', image: 'busybox' }] },
  status: { phase: 'Running' },
});
const node = (name: string) => ({ metadata: { name, uid: `uid-${name}` }, spec: { podCIDR: '10.240.1.0/24' } });

async function startApi(): Promise<ApiServerDouble> {
  const api = new ApiServerDouble();
  await api.listen();
  return api;
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await sleep(5);
}

const EVERY_WATCH = 'endpointslices,nodes,pods,services';
const isWatching = (api: ApiServerDouble): boolean => api.openWatches.join() === EVERY_WATCH;

test('objects of the list and of the watch arrive reduced, changed ones change, deleted ones go', async () => {
  await using api = await startApi();
  api.put('pods', pod('a'));
  api.put('nodes', node('n1'));
  api.put('services', {
    metadata: { namespace: 'default', name: 'web', uid: 's' },
    spec: { clusterIP: 'None', ports: [{ port: 80, targetPort: 'http' }], selector: { app: 'web' } },
  } as never);
  api.put('endpointslices', {
    metadata: { namespace: 'default', name: 'web-1', uid: 'e', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    ports: [{ name: 'http', protocol: 'TCP', port: 80 }],
    endpoints: [
      { addresses: ['10.240.1.2'], conditions: { ready: false }, targetRef: { kind: 'Pod', name: 'a' } },
      { addresses: ['10.240.1.3'], conditions: {}, nodeName: 'n1' },
    ],
  } as never);
  using cluster = watchIntoSink(api);
  const { sink, counts } = cluster;
  await until(() => isWatching(api) && sink.isSynced);
  expect(sink.objects.get('service default/web')).toEqual({
    namespace: 'default',
    name: 'web',
    uid: 's',
    type: 'ClusterIP',
    clusterIps: [],
    ports: [{ protocol: 'TCP', port: 80, targetPort: 'http' }],
    selector: { app: 'web' },
  });
  expect(sink.objects.get('endpointSlice default/web-1')).toMatchObject({
    service: 'web',
    endpoints: [
      { addresses: ['10.240.1.2'], isReady: false, pod: 'default/a' },
      { addresses: ['10.240.1.3'], isReady: true, nodeName: 'n1' },
    ],
  });
  api.put('pods', pod('b'));
  api.put('pods', { ...pod('a'), status: { phase: 'Failed' } } as never);
  await until(() => sink.keys('pod').join() === 'default/a,default/b');
  await until(() => (sink.objects.get('pod default/a') as { phase: string }).phase === 'Failed');
  api.delete('pods', pod('a'));
  await until(() => sink.keys('pod').join() === 'default/b');
  expect(counts.read('pod')).toEqual({ state: 'following', lists: 1, puts: 2, removes: 1 });
  expect(sink.problem).toBeUndefined();
  expect(sink.blindSpots).toEqual([]);
});

const listsOfPods = (api: ApiServerDouble): readonly string[] =>
  api.requests.filter((line) => line.startsWith('list /api/v1/pods'));

test('a long list comes in pages', async () => {
  await using api = await startApi();
  const names = Array.from({ length: 25 }, (_, index) => `p${String(index).padStart(2, '0')}`);
  for (const name of names) api.put('pods', pod(name));
  using cluster = watchIntoSink(api, { pace: { pageObjects: 10 } });
  await until(() => isWatching(api));
  expect(cluster.sink.keys('pod')).toEqual(names.map((name) => `default/${name}`));
  expect(listsOfPods(api)).toHaveLength(3);
});

test('a list whose token expires between its pages is taken again, at last in one piece', async () => {
  await using api = await startApi();
  for (const name of ['a', 'b', 'c']) api.put('pods', pod(name));
  api.beforeAnswer = (line) => {
    if (line.includes('continue=')) api.put('nodes', node('n1'));
    if (line.includes('continue=')) api.compact();
  };
  using cluster = watchIntoSink(api, { pace: { pageObjects: 2 } });
  await until(() => isWatching(api));
  expect(cluster.sink.keys('pod')).toEqual(['default/a', 'default/b', 'default/c']);
  expect(listsOfPods(api).at(-1)).not.toContain('limit=');
});

test.each(['expired', 'compacted'] as const)(
  'a watch that is too old (%s) lists again, and what went meanwhile is gone',
  async (how) => {
    await using api = await startApi();
    api.put('pods', pod('a'));
    api.put('pods', pod('b'));
    using cluster = watchIntoSink(api);
    await until(() => isWatching(api));
    if (how === 'compacted') {
      await api.close();
      api.delete('pods', pod('a'));
      api.put('pods', pod('c'));
      api.compact();
      await api.listen();
    } else {
      api.endWatches('pods', 'expired');
      api.delete('pods', pod('a'));
      api.put('pods', pod('c'));
    }
    await until(() => cluster.sink.keys('pod').join() === 'default/b,default/c');
    await until(() => isWatching(api) && cluster.sink.problem === undefined);
    expect(cluster.counts.read('pod').lists).toBeGreaterThan(1);
  },
);

test('a watch that is cut goes on where it was: nothing is listed again, a bookmark moves it on', async () => {
  await using api = await startApi();
  using cluster = watchIntoSink(api);
  await until(() => isWatching(api));
  api.put('nodes', node('n1'));
  api.bookmark('pods');
  await until(() => cluster.sink.keys('node').join() === 'n1');
  api.endWatches('pods', 'cut');
  await until(() => api.requests.filter((line) => line.startsWith('watch /api/v1/pods')).length === 2);
  api.put('pods', pod('a'));
  await until(() => cluster.sink.keys('pod').join() === 'default/a');
  expect(listsOfPods(api)).toHaveLength(1);
  const again = api.requests.filter((line) => line.startsWith('watch /api/v1/pods')).at(-1);
  expect(again).toContain('resourceVersion=2&');
});

test('one object that cannot be read is told and left out; the others come', async () => {
  await using api = await startApi();
  using cluster = watchIntoSink(api);
  await until(() => isWatching(api));
  const unreadable = pod('d', 'no namespace/');
  api.put('pods', unreadable);
  api.put('pods', pod('e'));
  await until(() => cluster.sink.keys('pod').join() === 'default/e');
  expect(cluster.sink.problem).toContain('no namespace/ d: left out');
  api.delete('pods', unreadable);
  await until(() => cluster.sink.problem === undefined);
});

test('an outage is told with the address of the API server, and heals', async () => {
  await using api = await startApi();
  using cluster = watchIntoSink(api);
  await until(() => isWatching(api));
  await api.close();
  await until(() => cluster.sink.problem !== undefined && cluster.counts.read('pod').state === 'broken');
  expect(cluster.sink.problem).toContain(api.url);
  await api.listen();
  await until(() => isWatching(api) && cluster.sink.problem === undefined);
  expect(cluster.counts.read('pod').state).toBe('following');
});

test('without the right to see all pods, those of the named namespaces are seen, and the rest is said to be unseen', async () => {
  await using api = await startApi();
  api.put('nodes', node('n1'));
  for (const namespace of ['team-a', 'team-b', 'secret']) api.put('pods', pod('p', namespace));
  for (const path of ['pods', 'namespaces/secret/pods']) api.forbidden.add(`list /api/v1/${path}`);
  using cluster = watchIntoSink(api, { namespaces: ['team-a', 'team-b', 'secret'], pace: { blindMs: 100_000 } });
  await until(() => api.openWatches.join() === 'endpointslices,nodes,services,team-a/pods,team-b/pods');
  const { sink } = cluster;
  expect(sink.keys('pod')).toEqual(['team-a/p', 'team-b/p']);
  expect(sink.blindSpots).toEqual([
    'pods of other namespaces than team-a, team-b: the API server does not allow it (HTTP 403)',
  ]);
  expect(sink).toMatchObject({ isSynced: true, problem: undefined });
  expect(cluster.counts.read('pod').state).toBe('limited');
  api.put('pods', pod('q', 'team-b'));
  api.put('pods', pod('q', 'secret'));
  await until(() => sink.keys('pod').join() === 'team-a/p,team-b/p,team-b/q');
});

test('services may be forbidden without an end of the rest, and come once they are allowed', async () => {
  await using api = await startApi();
  api.put('pods', pod('a'));
  api.put('services', { metadata: { namespace: 'default', name: 'web' }, spec: {} } as never);
  api.forbidden.add('list /api/v1/services').add('list /api/v1/namespaces/*');
  using cluster = watchIntoSink(api);
  const { sink } = cluster;
  await until(() => api.openWatches.join() === 'endpointslices,nodes,pods');
  await until(() => sink.blindSpots.length > 0);
  expect(sink.blindSpots[0]).toBe(
    'services: the API server does not allow it (HTTP 403), neither of all namespaces nor of default',
  );
  expect(sink.keys('pod')).toEqual(['default/a']);
  expect(cluster.counts.read('service').state).toBe('blind');
  api.forbidden.clear();
  await until(() => sink.keys('service').join() === 'default/web');
  await until(() => sink.blindSpots.length === 0);
});

test('an API server without endpoint slices is watched for all that it has', async () => {
  await using api = await startApi();
  api.put('pods', pod('a'));
  api.missing.add('endpointslices');
  using cluster = watchIntoSink(api);
  await until(() => api.openWatches.join() === 'nodes,pods,services' && cluster.sink.blindSpots.length > 0);
  expect(cluster.sink.blindSpots[0]).toContain('endpointslices: HTTP 404');
  expect(cluster.sink).toMatchObject({ isSynced: true, problem: undefined });
});

test('who may not see the nodes never says that one is missing', async () => {
  await using api = await startApi();
  api.put('pods', pod('a'));
  api.forbidden.add('list /api/v1/nodes');
  using cluster = watchIntoSink(api);
  await until(() => cluster.sink.blindSpots.length > 0 && cluster.sink.keys('pod').length > 0);
  expect(cluster.sink.blindSpots[0]).toMatch(/^nodes: HTTP 403: nodes is forbidden/);
  expect(cluster.sink.isSynced).toBe(false);
});

test('a right that is taken away while the watch runs leaves no object behind that may no longer be seen', async () => {
  await using api = await startApi();
  api.put('pods', pod('a'));
  api.put('pods', pod('a', 'other'));
  using cluster = watchIntoSink(api, { pace: { blindMs: 100_000 } });
  await until(() => isWatching(api));
  api.forbidden.add('list /api/v1/pods').add('watch /api/v1/pods');
  api.endWatches('pods', 'cut');
  await until(() => cluster.sink.keys('pod').join() === 'default/a');
  expect(cluster.sink.blindSpots).toHaveLength(1);
});

test('a token that is renewed in its file is used', async () => {
  await using api = await startApi();
  api.token = 'new';
  const folder = mkdtempSync(join(tmpdir(), 'podwire-token-'));
  const tokenFile = join(folder, 'token');
  writeFileSync(tokenFile, 'old');
  // The client reads the file once a minute. Its clock alone is moved on.
  vi.useFakeTimers({ toFake: ['Date'] });
  try {
    const authProvider = { name: 'tokenFile', config: { tokenFile } };
    using cluster = watchIntoSink(api, { user: { name: 'u', authProvider } });
    await until(() => cluster.sink.problem?.includes('HTTP 401') === true);
    writeFileSync(tokenFile, 'new');
    vi.setSystemTime(Date.now() + 61_000);
    await until(() => isWatching(api) && cluster.sink.problem === undefined);
  } finally {
    vi.useRealTimers();
    rmSync(folder, { recursive: true });
  }
});
