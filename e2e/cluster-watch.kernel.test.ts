import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type RunningPodwire, startPodwire } from './start-podwire.ts';

/** The collector's watch on the lab's real API server, seen from outside by what it counts. */

const eventually = { timeout: 30_000, interval: 200 };
let podwire: RunningPodwire;

beforeAll(async () => {
  podwire = await startPodwire({ hasWeb: false });
}, 150_000);

afterAll(async () => {
  await podwire?.stop();
});

async function readMetric(line: string): Promise<number> {
  const text = await (await fetch(`${podwire.url}/metrics`)).text();
  const found = text.split('\n').find((each) => each.startsWith(`${line} `));
  return Number(found?.slice(line.length + 1));
}

/** The lab writes a kubeconfig, as for kubectl. */
async function callLab(method: string, path: string, body?: unknown): Promise<Response> {
  const config = readFileSync(join(podwire.dataDirectory, 'lab', 'kubeconfig'), 'utf8');
  const server = /"?server"?: ?"([^"]+)"/.exec(config)?.[1];
  const token = /"?token"?: ?"([^"]+)"/.exec(config)?.[1];
  const headers = { authorization: `Bearer ${token}` };
  return fetch(`${server}${path}`, { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) });
}

test('every kind is followed, and a service and its endpoint slice come and go with it', async () => {
  for (const kind of ['node', 'pod', 'service', 'endpointSlice']) {
    await vi.waitFor(async () => {
      expect(await readMetric(`podwire_watch_state{kind="${kind}",state="following"}`)).toBe(1);
    }, eventually);
  }
  const services = '/api/v1/namespaces/default/services';
  const spec = { selector: { app: 'web' }, ports: [{ port: 80 }] };
  expect((await callLab('POST', services, { metadata: { name: 'web' }, spec })).status).toBe(201);
  const expectChange = (kind: string, change: string) =>
    vi.waitFor(async () => {
      expect(await readMetric(`podwire_watch_changes{kind="${kind}",change="${change}"}`)).toBeGreaterThan(0);
    }, eventually);
  await expectChange('service', 'put');
  await expectChange('endpointSlice', 'put');
  expect((await callLab('DELETE', `${services}/web`)).status).toBe(200);
  await expectChange('service', 'remove');
  await expectChange('endpointSlice', 'remove');
  expect(await readMetric('podwire_watch_lists{kind="service"}')).toBe(1);
  const { cluster } = (await (await fetch(`${podwire.url}/api/v1/cluster`)).json()) as {
    cluster: { cluster: { problem?: string; blindSpots?: string[] } };
  };
  expect(cluster.cluster).not.toHaveProperty('problem');
  expect(cluster.cluster).not.toHaveProperty('blindSpots');
}, 90_000);
