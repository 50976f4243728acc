import { afterAll, beforeAll, expect, test } from 'vitest';
import { runOrThrow } from '#lab/run-command.ts';
import { PodsBody } from '#model/protocol/rest.ts';
import { BUSYBOX_IMAGE } from './pack-images.ts';
import { readCalls, watchCalls } from './podwire/call-log.ts';
import { installBridge } from './podwire/node-network.ts';
import { type PodwiredCluster, startPodwiredCluster, waitUntilReady } from './podwire/podwired-cluster.ts';
import { readTimeline } from './podwire/timeline.ts';
import { waitFor } from './wait-for.ts';

const PODS = 40;

let cluster: PodwiredCluster;

beforeAll(async () => {
  cluster = await startPodwiredCluster();
  await installBridge(cluster);
  for (const node of cluster.nodes) await watchCalls(node);
  await waitUntilReady(cluster);
});
afterAll(() => cluster?.[Symbol.asyncDispose]());

const CROWD = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'crowd' },
  spec: {
    replicas: PODS,
    selector: { matchLabels: { app: 'crowd' } },
    template: {
      metadata: { labels: { app: 'crowd' } },
      spec: { containers: [{ name: 'main', image: BUSYBOX_IMAGE }] },
    },
  },
};

const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments';

/** ADDs and DELs of a node, each as `VERB container/interface`, sorted: what the runtime did, in either's words. */
const readRuntimeCalls = async (name: string): Promise<readonly string[]> => {
  const node = cluster.nodes.find((each) => each.name === name);
  const calls = node === undefined ? [] : await readCalls(node);
  return calls
    .filter(({ verb }) => verb === 'ADD' || verb === 'DEL')
    .map(({ verb, containerId, ifName }) => `${verb} ${containerId}/${ifName}`)
    .sort();
};

const readShownCalls = async (node: string): Promise<readonly string[]> => {
  const events = await readTimeline(cluster.collector, { node });
  expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
  return events.map(({ verb, containerId, ifName }) => `${verb} ${containerId}/${ifName}`).sort();
};

const explainPods = () => cluster.api.kubectl('get', 'pods', '-o', 'wide');

test('forty pods come up on two nodes, each with an address of its own and a wire that Podwire knows', async () => {
  await cluster.api.call('POST', DEPLOYMENTS, CROWD);
  await waitFor({ what: `${PODS} running pods`, explain: explainPods }, async () => {
    const pods = await cluster.api.listPods();
    return pods.filter(({ status }) => status.phase === 'Running').length === PODS;
  });
  const addresses = (await cluster.api.listPods()).map(({ status }) => status.podIP);
  expect(new Set(addresses).size).toBe(PODS);
  await waitFor({ what: 'every pod and its ADD in Podwire' }, async () => {
    const { pods } = PodsBody.parse(await cluster.collector.get('/api/v1/pods?namespace=default'));
    return pods.filter((pod) => pod.status === 'Running' && pod.lastAdd?.outcome === 'ok').length === PODS;
  });
});

test('they go, and every ADD and DEL that containerd made is in the timeline, none is missing, none doubled', async () => {
  await cluster.api.call('DELETE', `${DEPLOYMENTS}/crowd?propagationPolicy=Background`);
  await waitFor({ what: 'no pod', explain: explainPods }, async () => (await cluster.api.listPods()).length === 0);
  for (const node of cluster.nodes) {
    await waitFor({ what: `no namespace on ${node.name}` }, async () => {
      const names = await runOrThrow([...node.enter, 'ls', '/run/netns']);
      return names === '';
    });
    const explain = async () => ({
      containerd: (await readRuntimeCalls(node.name)).length,
      podwire: (await readShownCalls(node.name)).length,
    });
    await waitFor({ what: `the calls of ${node.name} in the timeline`, explain, deadlineMs: 30_000 }, async () => {
      const [called, shown] = [await readRuntimeCalls(node.name), await readShownCalls(node.name)];
      return shown.length >= called.length;
    });
    const called = await readRuntimeCalls(node.name);
    expect(await readShownCalls(node.name)).toEqual(called);
    expect(called.filter((call) => call.startsWith('ADD')).length).toBeGreaterThan(0);
  }
  const all = await readTimeline(cluster.collector);
  expect(all.filter(({ verb }) => verb === 'ADD')).toHaveLength(PODS);
  expect(all.filter(({ outcome }) => outcome === 'error')).toEqual([]);
});

test('nothing of the forty is left on the nodes: no veth, no reservation, no rule that names their addresses', async () => {
  const adds = await readTimeline(cluster.collector, { verb: 'ADD' });
  const addresses = adds.flatMap(({ addresses = [] }) => addresses).map((address) => address.split('/')[0] ?? '');
  expect(new Set(addresses).size).toBe(PODS);
  for (const node of cluster.nodes) {
    const read = (...command: readonly string[]) => runOrThrow([...node.enter, ...command]);
    const veths = (await read('ip', '-o', 'link', 'show', 'type', 'veth')).split('\n');
    expect(veths.filter((line) => line !== '' && !line.includes(' eth0'))).toEqual([]);
    expect((await read('ls', '/var/lib/podwire/ipam/podwire')).split('\n')).toEqual(['']);
    const rules = `${await read('nft', '-s', 'list', 'ruleset')}${await read('iptables-save')}`.split(/[\s/]+/);
    expect(addresses.filter((address) => rules.includes(address))).toEqual([]);
  }
});
