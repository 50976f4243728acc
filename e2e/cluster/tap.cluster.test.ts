import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runOrThrow } from '#lab/run-command.ts';
import { PodBody } from '#model/protocol/rest.ts';
import { WEB_IMAGE } from './pack-images.ts';
import { deletePods, runPod } from './pods.ts';
import { readCalls, watchCalls } from './podwire/call-log.ts';
import type { CollectorClient } from './podwire/collector-client.ts';
import { type DeployableCluster, reachCollector, startDeployableCluster } from './podwire/deployed-cluster.ts';
import { CONFIGURATION_DIRECTORY, configureNetwork, readPodCidrs, routePods } from './podwire/node-network.ts';
import { nodeOf, waitUntilReady } from './podwire/podwired-cluster.ts';
import { readTimeline } from './podwire/timeline.ts';
import type { ClusterNode } from './start-cluster.ts';
import { waitFor } from './wait-for.ts';

const ORIGINAL = '20-debian.conflist';
const HOST_PORT = 8080;

let cluster: DeployableCluster;
let collector: CollectorClient;
/** Configuration directories as they were before the tap, by node. */
const before = new Map<string, unknown>();

/** The network of somebody else: Debian's reference plugins, with host ports. */
const describeNetwork = (podCidr: string) => ({
  cniVersion: '1.0.0',
  name: 'debian',
  plugins: [
    {
      type: 'bridge',
      bridge: 'cni0',
      isGateway: true,
      ipMasq: true,
      hairpinMode: true,
      ipam: { type: 'host-local', ranges: [[{ subnet: podCidr }]], routes: [{ dst: '0.0.0.0/0' }] },
    },
    { type: 'portmap', capabilities: { portMappings: true }, snat: true },
  ],
});

beforeAll(async () => {
  cluster = await startDeployableCluster();
  const podCidrs = await readPodCidrs(cluster);
  await routePods(cluster);
  for (const node of cluster.nodes) {
    const plugins = ['bridge', 'host-local', 'portmap'].map((name) => `/usr/lib/cni/${name}`);
    await runOrThrow([...node.enter, 'cp', ...plugins, '/opt/cni/bin/']);
    await configureNetwork(node, ORIGINAL, describeNetwork(podCidrs.get(node.name) ?? ''));
    before.set(node.name, await readConfigurations(node));
    await watchCalls(node);
  }
  await waitUntilReady(cluster);
});
afterAll(() => cluster?.[Symbol.asyncDispose]());

/** Name, content, mode, inode and time of change of each file. */
async function readConfigurations(node: ClusterNode): Promise<unknown> {
  const folder = join(node.root, CONFIGURATION_DIRECTORY);
  const names = (await readdir(folder)).sort();
  return Promise.all(
    names.map(async (name) => {
      const { mode, ino, mtimeMs } = await stat(join(folder, name));
      return { name, mode, ino, mtimeMs, content: await readFile(join(folder, name), 'utf8') };
    }),
  );
}

/** Asks the host port of the other node, from a node: as somebody outside of the cluster would. */
const fetchHostPort = async (): Promise<string> => {
  const [from, to] = cluster.nodes;
  const url = `http://${to.plan.address}:${HOST_PORT}/cgi-bin/host`;
  return await runOrThrow([...from.enter, '/opt/debian/usr/bin/busybox', 'wget', '-qO-', '-T', '10', url]);
};

const listVerbs = async (name: string): Promise<readonly string[]> => {
  const events = await readTimeline(collector, { pod: `default/${name}` });
  return events.map(({ verb, mode, network, outcome }) => `${verb} ${mode} ${network} ${outcome}`).toReversed();
};

test('beside Debian’s bridge and portmap, every pod is in the timeline and host ports work', async () => {
  await runPod(cluster.api, 'earlier', { nodeName: 'k8s-node01' });
  // The mode is not said: it finds the other plugin's configuration.
  await cluster.release.install();
  collector = await reachCollector(cluster);
  await waitFor({ what: 'the tap in the chain', explain: () => listVerbs('probe-1') }, async () => {
    // containerd notices the file in its own time; the first pod that is seen proves it.
    const name = `probe-${(await cluster.api.listPods()).length}`;
    await runPod(cluster.api, name, { nodeName: 'k8s-node01' });
    return (await listVerbs(name)).length > 0;
  });
  const ports = [{ containerPort: 80, hostPort: HOST_PORT }];
  await runPod(cluster.api, 'web', { nodeName: 'k8s-node01', image: WEB_IMAGE, ports });
  await runPod(cluster.api, 'asker', { nodeName: 'controlplane' });
  for (const name of ['web', 'asker']) {
    await waitFor({ what: `the ADD of ${name}` }, async () => (await listVerbs(name)).length === 1);
    expect(await listVerbs(name)).toEqual(['ADD tap debian ok']);
  }
  expect(await fetchHostPort()).toBe('web\n');
});

test('the wire of a pod that another plugin made is known from what the tap saw', async () => {
  const body = await waitFor({ what: 'the wire of web' }, async () => {
    const found = PodBody.parse(await collector.get('/api/v1/pods/default/web'));
    return found.attachments[0]?.hostLinkIndex !== undefined && found;
  });
  const [pod] = (await cluster.api.listPods()).filter(({ metadata }) => metadata.name === 'web');
  expect(body.attachments).toMatchObject([
    { isInferred: false, evidence: expect.arrayContaining(['cni-event']), reported: { bridge: 'cni0' } },
  ]);
  expect(body.attachments[0]?.reported?.addresses).toEqual([`${pod?.status.podIP}/24`]);
});

test('a pod from before the tap and one with it both go, with what their own plugins made', async () => {
  await deletePods(cluster.api, 'earlier', 'asker');
  await waitFor({ what: 'the DEL of asker', explain: () => listVerbs('asker') }, async () =>
    (await listVerbs('asker')).includes('DEL tap debian ok'),
  );
  const held = await runOrThrow([...nodeOf(cluster, 'controlplane').enter, 'ls', '/var/lib/cni/networks/debian']);
  const kept = (await cluster.api.listPods('podwire')).flatMap(({ status }) => status.podIP ?? []);
  expect(held.split('\n').filter((name) => name.startsWith('10.') && !kept.includes(name))).toEqual([]);
});

test('removal leaves the original chain as it was: running pods stay connected, new ones come without the tap', async () => {
  await cluster.release.uninstall();
  for (const node of cluster.nodes) expect(await readConfigurations(node)).toEqual(before.get(node.name));
  await waitUntilReady(cluster);
  expect(await fetchHostPort()).toBe('web\n');
  const calls = await Promise.all(cluster.nodes.map(readCalls));
  await runPod(cluster.api, 'later', { nodeName: 'k8s-node01' });
  await deletePods(cluster.api, 'web');
  expect(await Promise.all(cluster.nodes.map(readCalls))).toEqual(calls);
  await expect(fetchHostPort()).rejects.toThrow();
  const nat = await runOrThrow([...nodeOf(cluster, 'k8s-node01').enter, 'iptables-save', '-t', 'nat']);
  expect(nat.split('\n').filter((line) => line.includes(`--dport ${HOST_PORT}`))).toEqual([]);
});
