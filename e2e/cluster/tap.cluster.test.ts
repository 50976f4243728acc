import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runOrThrow } from '#lab/run-command.ts';
import { PodBody } from '#model/protocol/rest.ts';
import { BUSYBOX_IMAGE, WEB_IMAGE } from './pack-images.ts';
import { CONFIGURATION_DIRECTORY, configureNetwork, readPodCidrs, runPodwire } from './podwire/node-network.ts';
import { nodeOf, type PodwiredCluster, startPodwiredCluster, waitUntilReady } from './podwire/podwired-cluster.ts';
import { readTimeline } from './podwire/timeline.ts';
import type { ClusterNode } from './start-cluster.ts';
import { waitFor } from './wait-for.ts';

const ORIGINAL = '20-debian.conflist';
const HOST_PORT = 8080;

let cluster: PodwiredCluster;
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
  cluster = await startPodwiredCluster();
  const podCidrs = await readPodCidrs(cluster);
  for (const node of cluster.nodes) {
    const plugins = ['bridge', 'host-local', 'portmap'].map((name) => `/usr/lib/cni/${name}`);
    await runOrThrow([...node.enter, 'cp', ...plugins, '/opt/cni/bin/']);
    await configureNetwork(node, ORIGINAL, describeNetwork(podCidrs.get(node.name) ?? ''));
    before.set(node.name, await readConfigurations(node));
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

const createPod = (name: string, nodeName: string, hostPort?: number) =>
  cluster.api.createPod({
    metadata: { name },
    spec: {
      nodeName,
      terminationGracePeriodSeconds: 1,
      containers: [
        {
          name: 'main',
          image: hostPort === undefined ? BUSYBOX_IMAGE : WEB_IMAGE,
          ...(hostPort !== undefined && { ports: [{ containerPort: 80, hostPort }] }),
        },
      ],
    },
  });

const explainPods = () => cluster.api.kubectl('get', 'pods', '-o', 'wide');

const waitUntilRunning = (name: string) =>
  waitFor({ what: `${name} to run`, explain: explainPods }, async () => {
    const pod = (await cluster.api.listPods()).find(({ metadata }) => metadata.name === name);
    return pod?.status.phase === 'Running';
  });

/** Asks the host port of the other node, from a node: as somebody outside of the cluster would. */
const fetchHostPort = async (): Promise<string> => {
  const [from, to] = cluster.nodes;
  const url = `http://${to.plan.address}:${HOST_PORT}/cgi-bin/host`;
  return await runOrThrow([...from.enter, '/opt/debian/usr/bin/busybox', 'wget', '-qO-', '-T', '10', url]);
};

const listVerbs = async (name: string): Promise<readonly string[]> => {
  const events = await readTimeline(cluster.collector, { pod: `default/${name}` });
  return events.map(({ verb, mode, network, outcome }) => `${verb} ${mode} ${network} ${outcome}`).toReversed();
};

test('beside Debian’s bridge and portmap, every pod is in the timeline and host ports work', async () => {
  await createPod('earlier', 'k8s-node01');
  await waitUntilRunning('earlier');
  for (const node of cluster.nodes) await runPodwire(node, 'install', '--mode', 'tap');
  await waitFor({ what: 'the tap in the chain', explain: () => listVerbs('probe-1') }, async () => {
    // containerd notices the file in its own time; the first pod that is seen proves it.
    const name = `probe-${(await cluster.api.listPods()).length}`;
    await createPod(name, 'k8s-node01');
    await waitUntilRunning(name);
    return (await listVerbs(name)).length > 0;
  });
  await createPod('web', 'k8s-node01', HOST_PORT);
  await createPod('asker', 'controlplane');
  for (const name of ['web', 'asker']) {
    await waitUntilRunning(name);
    await waitFor({ what: `the ADD of ${name}` }, async () => (await listVerbs(name)).length === 1);
    expect(await listVerbs(name)).toEqual(['ADD tap debian ok']);
  }
  expect(await fetchHostPort()).toBe('web\n');
});

test('the wire of a pod that another plugin made is known from what the tap saw', async () => {
  const body = await waitFor({ what: 'the wire of web' }, async () => {
    const found = PodBody.parse(await cluster.collector.get('/api/v1/pods/default/web'));
    return found.attachments[0]?.hostLinkIndex !== undefined && found;
  });
  const [pod] = (await cluster.api.listPods()).filter(({ metadata }) => metadata.name === 'web');
  expect(body.attachments).toMatchObject([
    { isInferred: false, evidence: expect.arrayContaining(['cni-event']), reported: { bridge: 'cni0' } },
  ]);
  expect(body.attachments[0]?.reported?.addresses).toEqual([`${pod?.status.podIP}/24`]);
});

test('a pod from before the tap and one with it both go, with what their own plugins made', async () => {
  await cluster.api.kubectl('delete', 'pod', 'earlier', 'asker', '--grace-period=1', '--wait');
  await waitFor({ what: 'the DEL of asker', explain: () => listVerbs('asker') }, async () =>
    (await listVerbs('asker')).includes('DEL tap debian ok'),
  );
  const held = await runOrThrow([...nodeOf(cluster, 'controlplane').enter, 'ls', '/var/lib/cni/networks/debian']);
  expect(held.split('\n').filter((name) => name.startsWith('10.'))).toEqual([]);
});

test('removal leaves the original chain as it was: running pods stay connected, new ones come without the tap', async () => {
  for (const node of cluster.nodes) {
    await runPodwire(node, 'uninstall', '--mode', 'tap');
    expect(await readConfigurations(node)).toEqual(before.get(node.name));
  }
  await waitUntilReady(cluster);
  expect(await fetchHostPort()).toBe('web\n');
  await createPod('later', 'k8s-node01');
  await waitUntilRunning('later');
  expect(await listVerbs('later')).toEqual([]);
  await cluster.api.kubectl('delete', 'pod', 'web', '--grace-period=1', '--wait');
  await expect(fetchHostPort()).rejects.toThrow();
  const nat = await runOrThrow([...nodeOf(cluster, 'k8s-node01').enter, 'iptables-save', '-t', 'nat']);
  expect(nat.split('\n').filter((line) => line.includes(`--dport ${HOST_PORT}`))).toEqual([]);
});
