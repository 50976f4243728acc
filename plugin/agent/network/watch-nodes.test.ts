import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { NodeApiServer } from '#plugin/testing/node-api-server.ts';
import { type NodesByName, watchNodes } from './watch-nodes.ts';

let api: NodeApiServer;
let folder: string;
let stop: AbortController;
let watching: Promise<void> | undefined;
let seen: string[];
let troubles: (string | undefined)[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'podwire-watch-'));
  api = new NodeApiServer({ port: 0 });
  writeFileSync(join(folder, 'token'), api.token);
  [stop, seen, troubles, watching] = [new AbortController(), [], [], undefined];
});

afterEach(async () => {
  stop.abort();
  await watching;
  await api.close();
  rmSync(folder, { recursive: true });
});

const describeNodes = (nodes: NodesByName): string =>
  [...nodes.values()].map(({ name, podCidrs }) => `${name} ${podCidrs.join()}`).join('; ');

function start(): void {
  const baseUrl = `http://127.0.0.1:${(api.address as AddressInfo).port}`;
  watching = watchNodes({
    api: { baseUrl, unixSocket: undefined, tokenFile: join(folder, 'token'), caFile: undefined },
    signal: stop.signal,
    random: () => 0,
    onNodes: (nodes) => seen.push(describeNodes(nodes)),
    onTrouble: (reason) => troubles.push(reason),
  });
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await wait(10);
}

const put = (name: string, cidr: string) => api.put({ name, podCidrs: [cidr], internalIps: ['192.0.2.1'] });

it('the set of nodes is told whole, first and after every change', async () => {
  put('a', '10.1.0.0/24');
  start();
  await until(() => api.watcherCount === 1);
  put('b', '10.2.0.0/24');
  put('b', '10.3.0.0/24');
  api.remove('a');
  await until(() => seen.length === 4);
  expect(seen).toEqual([
    'a 10.1.0.0/24',
    'a 10.1.0.0/24; b 10.2.0.0/24',
    'a 10.1.0.0/24; b 10.3.0.0/24',
    'b 10.3.0.0/24',
  ]);
});

it('a change of a node that does not concern the network is not told', async () => {
  put('a', '10.1.0.0/24');
  start();
  await until(() => api.watcherCount === 1);
  put('a', '10.1.0.0/24');
  put('b', '10.2.0.0/24');
  await until(() => seen.length === 2);
  expect(seen).toEqual(['a 10.1.0.0/24', 'a 10.1.0.0/24; b 10.2.0.0/24']);
});

it('more nodes than one page are read whole before anything is told', async () => {
  for (let index = 0; index < 1_203; index += 1) put(`n${index}`, `10.${index >> 8}.${index & 255}.0/24`);
  start();
  await until(() => seen.length === 1);
  expect(seen[0]?.split('; ')).toHaveLength(1_203);
  expect(api.requests.filter((request) => request.includes('continue='))).toHaveLength(2);
});

it('a watch that ends is continued where it ended, bookmarks included', async () => {
  put('a', '10.1.0.0/24');
  start();
  await until(() => api.watcherCount === 1);
  put('b', '10.2.0.0/24');
  api.bookmark();
  await until(() => seen.length === 2);
  api.endWatches();
  await until(() => api.requests.filter((request) => request.includes('watch=true')).length === 2);
  expect(api.requests.at(-1)).toContain('resourceVersion=3');
  put('c', '10.3.0.0/24');
  await until(() => seen.length === 3);
  expect(api.requests.filter((request) => !request.includes('watch=true'))).toHaveLength(1);
});

it('a watch that is too old is followed by a list, and what was missed is told', async () => {
  put('a', '10.1.0.0/24');
  start();
  await until(() => api.watcherCount === 1);
  api.isUnavailable = true;
  api.endWatches();
  await until(() => troubles.some((reason) => reason?.includes('503') === true));
  api.remove('a');
  put('b', '10.2.0.0/24');
  api.expire();
  api.isUnavailable = false;
  await until(() => seen.length === 2);
  expect(seen[1]).toBe('b 10.2.0.0/24');
  expect(troubles.at(-1)).toBeUndefined();
});

it('an event that says 410 is followed by a list as well', async () => {
  put('a', '10.1.0.0/24');
  start();
  await until(() => api.watcherCount === 1);
  api.expire();
  await until(() => api.requests.filter((request) => !request.includes('watch=true')).length === 2);
  put('b', '10.2.0.0/24');
  await until(() => seen.length === 2);
});

it('an API that refuses the token is named with its words', async () => {
  writeFileSync(join(folder, 'token'), 'another');
  start();
  await until(() => troubles.length > 0);
  expect(troubles[0]).toBe('HTTP 401: Unauthorized');
  writeFileSync(join(folder, 'token'), api.token);
  await until(() => seen.length === 1);
});
