import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { KubeConfig } from '@kubernetes/client-node';
import pino from 'pino';
import { expect, test } from 'vitest';
import { openLog } from '../open-log.ts';
import { openStore } from '../store/open-store.ts';
import { ClusterWatch } from './watch-cluster.ts';

/** A double of the API server: list and watch over real HTTP. The lab's own is tested with the whole chain. */
class ApiDouble {
  readonly watches = new Map<string, ServerResponse>();
  lists = 0;
  pods: object[] = [];
  #server: Server | undefined;
  port = 0;

  async listen(): Promise<void> {
    const server = createServer((request, response) => {
      const url = new URL(request.url ?? '/', 'http://x');
      response.setHeader('content-type', 'application/json');
      if (url.searchParams.get('watch') === 'true') {
        response.flushHeaders();
        this.watches.set(url.pathname, response);
        return;
      }
      this.lists += 1;
      const items = url.pathname.endsWith('/pods') ? this.pods : [];
      response.end(JSON.stringify({ kind: 'List', apiVersion: 'v1', metadata: { resourceVersion: '1' }, items }));
    });
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
    this.port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  send(path: string, type: string, object: object): void {
    this.watches.get(path)?.write(`${JSON.stringify({ type, object })}\n`);
  }

  async close(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }
}

const pod = (name: string, resourceVersion: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: 'default', name, uid: `uid-${name}`, resourceVersion },
  spec: { nodeName: 'n1', containers: [] },
  status: { phase: 'Running' },
});

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await sleep(10);
}

test('pods of the list and of the watch arrive, deleted ones go, one that cannot be read is told, an outage is told and heals', async () => {
  const api = new ApiDouble();
  api.pods = [pod('a', '1')];
  await api.listen();
  const config = new KubeConfig();
  const server = `http://127.0.0.1:${api.port}`;
  config.loadFromClusterAndUser({ name: 'c', server, skipTLSVerify: true }, { name: 'u', token: 't' });
  const log = pino({ level: 'silent' });
  const store = openStore(':memory:');
  if (!store.ok) throw new Error(store.error.problem);
  const opened = openLog({ store: store.value, path: ':memory:', source: 'kubernetes', log, clock: () => new Date() });
  if (!opened.ok) throw new Error(opened.error.problem);
  const { fold, cluster } = opened.value;
  const podNames = () => Object.keys(fold.node('n1')?.pods ?? {}).sort();
  const problem = () => fold.cluster().cluster.cluster?.problem;
  const watch = new ClusterWatch(config, cluster, log);
  try {
    await until(() => podNames().length === 1 && api.watches.size === 2);
    api.send('/api/v1/pods', 'ADDED', pod('b', '2'));
    await until(() => podNames().join() === 'default/a,default/b');
    api.send('/api/v1/pods', 'DELETED', pod('a', '3'));
    await until(() => podNames().join() === 'default/b');
    expect(problem()).toBeUndefined();

    const unreadable = { ...pod('d', '4'), metadata: { ...pod('d', '4').metadata, namespace: 'no namespace/' } };
    api.send('/api/v1/pods', 'ADDED', unreadable);
    api.send('/api/v1/pods', 'ADDED', pod('e', '5'));
    await until(() => podNames().join() === 'default/b,default/e');
    expect(problem()).toContain('no namespace/ d: left out');
    api.send('/api/v1/pods', 'DELETED', unreadable);
    await until(() => problem() === undefined);

    const lists = api.lists;
    api.send('/api/v1/pods', 'ERROR', { kind: 'Status', code: 410, message: 'too old' });
    api.pods = [pod('c', '9')];
    api.watches.get('/api/v1/pods')?.end();
    await until(() => podNames().join() === 'default/c');
    expect(api.lists).toBeGreaterThan(lists);

    await api.close();
    await until(() => problem() !== undefined);
    expect(problem()).toContain(server);
    await api.listen();
    await until(() => problem() === undefined);
  } finally {
    await watch[Symbol.asyncDispose]();
    cluster.close();
    fold.close();
    store.value.close();
    await api.close();
  }
});
