import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { ONLY_PERSON, type Viewer } from '../auth/viewer.ts';
import { LiveBrowser } from '../testing/live-browser.ts';
import { SCOPES, startTenantServer } from '../testing/start-tenant-server.ts';
import { buildEvent, buildKernel, buildPod, HIDDEN_NODE, keyOf, NODE } from '../testing/two-tenants.ts';

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await sleep(10);
}

test('a session that ends closes its sockets, and nothing is told or answered after that', async () => {
  const ending = new AbortController();
  const tenant: Viewer = { ...ONLY_PERSON, scope: SCOPES.tenant, ended: ending.signal };
  await using server = await startTenantServer({ tenant });
  const { app } = server;
  const [leaving, staying] = ['tenant', 'everything'].map((name) => new LiveBrowser(app.url, { 'x-viewer': name }));
  if (leaving === undefined || staying === undefined) throw new Error('no browser');
  await Promise.all([leaving.opened(), staying.opened()]);
  for (const browser of [leaving, staying]) {
    browser.subscribe('all', { kind: 'invocations' });
    await until(() => browser.count('snapshot.invocations') === 1);
  }
  const heard: string[] = [];
  leaving.socket.on('message', (data) => heard.push(String(data)));
  // What it asks for at the last moment is not answered either.
  leaving.subscribe('late', { kind: 'cluster' });
  ending.abort();
  await app.post(2, [{ type: 'invocation', event: buildEvent('ADD', 1, { id: 'after' }) }]);
  await until(() => staying.count('invocations') === 1 && leaving.closeCode !== undefined);
  expect(leaving.closeCode).toBe(4401);
  expect(heard).toEqual([]);
  expect(staying.closeCode).toBeUndefined();
  const again = new LiveBrowser(app.url, { 'x-viewer': 'tenant' });
  await until(() => again.closeCode !== undefined);
  expect(again.closeCode).toBe(4401);
  expect(again.count('snapshot.invocations')).toBe(0);
  expect(app.server.hub.size).toBe(1);
  staying.socket.terminate();
});

test('a node comes into sight with the first seen pod on it, and leaves it with the last', async () => {
  await using server = await startTenantServer();
  const { app } = server;
  const browser = new LiveBrowser(app.url, { 'x-viewer': 'tenant' });
  await browser.opened();
  browser.subscribe('node', { kind: 'node', node: HIDDEN_NODE });
  browser.subscribe('cluster', { kind: 'cluster' });
  await until(() => browser.count('snapshot.node') === 1 && browser.count('snapshot.cluster') === 1);
  expect(browser.held.get('node')).toBeUndefined();
  expect(Object.keys(browser.held.get('cluster')?.nodes ?? {})).toEqual([NODE]);
  const { cluster } = app.server;
  cluster.put('pod', buildPod(78, { nodeName: HIDDEN_NODE, phase: 'Pending' }));
  cluster.put('pod', buildPod(1, { nodeName: HIDDEN_NODE }));
  await until(() => browser.held.get('cluster')?.nodes?.[HIDDEN_NODE] !== undefined);
  await until(() => browser.held.get('node') !== undefined);
  expect(Object.keys(browser.held.get('node')?.pods ?? {})).toEqual([keyOf(1)]);
  cluster.remove('pod', keyOf(1));
  await until(() => browser.held.get('cluster')?.nodes?.[HIDDEN_NODE] === undefined);
  await until(() => browser.held.get('node') === undefined);
  expect(browser.gaps).toEqual([]);
  browser.socket.terminate();
});

test('changes that leave the whole the same are told where a part of it is another', async () => {
  await using server = await startTenantServer();
  const { app } = server;
  const browser = new LiveBrowser(app.url, { 'x-viewer': 'tenant' });
  await browser.opened();
  browser.subscribe('cluster', { kind: 'cluster' });
  const running = () =>
    (browser.held.get('cluster')?.nodes?.[NODE] as { pods: { running: number } } | undefined)?.pods.running;
  await until(() => running() === 2);
  // One of each tenant's: the node still runs three of four.
  app.server.cluster.put('pod', buildPod(77, { phase: 'Pending' }));
  app.server.fold.flush();
  expect(running()).toBe(2);
  app.server.cluster.put('pod', buildPod(77));
  app.server.cluster.put('pod', buildPod(1, { phase: 'Pending' }));
  await until(() => running() === 1);
  browser.socket.terminate();
});

test('what is told is made once for all browsers of one scope', async () => {
  let looks = 0;
  /** Counts how often it is asked: as often as somebody's part of the whole is made. */
  class CountedSet extends Set<string> {
    override has(namespace: string): boolean {
      looks += 1;
      return super.has(namespace);
    }
  }
  await using server = await startTenantServer({
    tenant: { ...ONLY_PERSON, scope: { ...SCOPES.tenant, namespaces: new CountedSet(SCOPES.tenant.namespaces) } },
  });
  const { app } = server;
  const measure = async (count: number, sequence: number): Promise<number> => {
    const browsers = Array.from({ length: count }, () => new LiveBrowser(app.url, { 'x-viewer': 'tenant' }));
    await Promise.all(browsers.map((browser) => browser.opened()));
    for (const browser of browsers) browser.subscribe('node', { kind: 'node', node: NODE });
    await until(() => browsers.every((each) => each.count('snapshot.node') === 1));
    looks = 0;
    await app.post(sequence, [{ type: 'kernel.snapshot', snapshot: buildKernel([1, 77], sequence) }]);
    await until(() => browsers.every((each) => each.count('delta') > 0));
    const before = looks;
    for (const browser of browsers) browser.socket.terminate();
    await until(() => app.server.hub.size === 0);
    return before;
  };
  const one = await measure(1, 2);
  expect(one).toBeGreaterThan(0);
  await app.post(3, [{ type: 'kernel.snapshot', snapshot: buildKernel([1, 2, 77, 78], 3) }]);
  expect(await measure(20, 4)).toBe(one);
});
