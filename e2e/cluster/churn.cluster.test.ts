import { afterAll, beforeAll, expect, test } from 'vitest';
import { runOrThrow } from '#lab/run-command.ts';
import { PodsBody } from '#model/protocol/rest.ts';
import { createCrowd, deleteCrowd } from './crowd.ts';
import { describePods } from './pods.ts';
import { watchCalls } from './podwire/call-log.ts';
import type { CollectorClient } from './podwire/collector-client.ts';
import { type DeployableCluster, reachCollector, startDeployableCluster } from './podwire/deployed-cluster.ts';
import { readTimeline } from './podwire/timeline.ts';
import { waitForWholeTimeline } from './podwire/whole-timeline.ts';
import { waitFor } from './wait-for.ts';

const PODS = 40;

let cluster: DeployableCluster;
let collector: CollectorClient;

beforeAll(async () => {
  cluster = await startDeployableCluster();
  for (const node of cluster.nodes) await watchCalls(node);
  await cluster.release.install('cni.mode=bridge');
  collector = await reachCollector(cluster);
});
afterAll(() => cluster?.[Symbol.asyncDispose]());

/** Of the forty: the collector is a pod too. */
const isOfCrowd = ({ pod }: { readonly pod?: string | undefined }): boolean => pod?.startsWith('default/') === true;

test('forty pods come up on two nodes, each with an address of its own and a wire that Podwire knows', async () => {
  await createCrowd(cluster.api, 'crowd', PODS);
  const explain = () => describePods(cluster.api);
  await waitFor({ what: `${PODS} running pods`, explain }, async () => {
    const pods = await cluster.api.listPods();
    return pods.filter(({ status }) => status.phase === 'Running').length === PODS;
  });
  const addresses = (await cluster.api.listPods()).map(({ status }) => status.podIP);
  expect(new Set(addresses).size).toBe(PODS);
  await waitFor({ what: 'every pod and its ADD in Podwire' }, async () => {
    const { pods } = PodsBody.parse(await collector.get('/api/v1/pods?namespace=default'));
    return pods.filter((pod) => pod.status === 'Running' && pod.lastAdd?.outcome === 'ok').length === PODS;
  });
});

test('they go, and every ADD and DEL that containerd made is in the timeline, none is missing, none doubled', async () => {
  await deleteCrowd(cluster.api, 'crowd');
  for (const node of cluster.nodes) {
    const called = await waitForWholeTimeline({ nodes: [node], collector });
    expect(called.filter((call) => call.startsWith('ADD')).length).toBeGreaterThan(0);
  }
  const all = await readTimeline(collector);
  expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
  expect(all.filter(isOfCrowd).filter(({ verb }) => verb === 'ADD')).toHaveLength(PODS);
  expect(all.filter(({ outcome }) => outcome === 'error')).toEqual([]);
});

test('nothing of the forty is left on the nodes: no veth, no reservation, no rule that names their addresses', async () => {
  const adds = (await readTimeline(collector, { verb: 'ADD' })).filter(isOfCrowd);
  const addresses = adds.flatMap(({ addresses = [] }) => addresses).map((address) => address.split('/')[0] ?? '');
  expect(new Set(addresses).size).toBe(PODS);
  const kept = (await cluster.api.listPods('podwire')).flatMap(({ spec, status }) =>
    spec.hostNetwork ? [] : [status.podIP ?? ''],
  );
  const held: string[] = [];
  let vethCount = 0;
  for (const node of cluster.nodes) {
    const read = (...command: readonly string[]) => runOrThrow([...node.enter, ...command]);
    const veths = (await read('ip', '-o', 'link', 'show', 'type', 'veth')).split('\n');
    vethCount += veths.filter((line) => line !== '' && !line.includes(' eth0')).length;
    const folder = '/var/lib/podwire/ipam/podwire';
    held.push(
      ...(await read('sh', '-c', `ls ${folder} 2>/dev/null || true`)).split('\n').filter((name) => name !== ''),
    );
    const rules = `${await read('nft', '-s', 'list', 'ruleset')}${await read('iptables-save')}`.split(/[\s/]+/);
    expect(addresses.filter((address) => rules.includes(address) && !kept.includes(address))).toEqual([]);
  }
  expect(held).toEqual(kept);
  expect(vethCount).toBe(kept.length);
});
