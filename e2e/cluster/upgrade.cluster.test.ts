import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { NodesBody } from '#model/protocol/rest.ts';
import { importImages } from './node/containerd.ts';
import { WEB_IMAGE } from './pack-images.ts';
import { deletePods, findPod, runPod } from './pods.ts';
import { watchCalls } from './podwire/call-log.ts';
import type { CollectorClient } from './podwire/collector-client.ts';
import { type DeployableCluster, reachCollector, startDeployableCluster } from './podwire/deployed-cluster.ts';
import { NEXT_VERSION, packNextVersion } from './podwire/next-version.ts';
import { type NodeTraces, readNodeTraces } from './podwire/node-traces.ts';
import { readTimeline } from './podwire/timeline.ts';
import { waitForWholeTimeline } from './podwire/whole-timeline.ts';
import { waitFor } from './wait-for.ts';

const BRIDGE = 'cni.mode=bridge';
const FORWARDING = '/proc/sys/net/ipv4/ip_forward:';

let cluster: DeployableCluster;
let collector: CollectorClient;
/** By node, before anything of Podwire's was there. */
const before = new Map<string, NodeTraces>();

beforeAll(async () => {
  cluster = await startDeployableCluster();
  const folder = await mkdtemp(join(cluster.world.directory, 'next-'));
  const next = await packNextVersion(cluster.programs.image, folder);
  for (const node of cluster.nodes) {
    await importImages(node, [next]);
    await watchCalls(node);
    before.set(node.name, await readNodeTraces(node));
  }
  await cluster.release.install(BRIDGE);
  collector = await reachCollector(cluster);
  await runPod(cluster.api, 'steady', { nodeName: 'k8s-node01', image: WEB_IMAGE });
  await runPod(cluster.api, 'asker', { nodeName: 'controlplane' });
});
afterAll(() => cluster?.[Symbol.asyncDispose]());

/** `asker` asks `steady`, on the other node. */
const askAcrossNodes = async () => {
  const url = `http://${(await findPod(cluster.api, 'steady'))?.status.podIP}/cgi-bin/host`;
  return await cluster.api.exec('asker', 'wget', '-qO-', '-T', '10', url);
};

const listAgentVersions = async () =>
  NodesBody.parse(await collector.get('/api/v1/nodes')).nodes.map(({ agent }) => `${agent.version} ${agent.state}`);

/** Pods come and go on both nodes, one after the other on each, until the work is done. @returns their names */
async function churnWhile(work: Promise<unknown>): Promise<readonly string[]> {
  let isDone = false;
  const watched = work.finally(() => {
    isDone = true;
  });
  const churn = cluster.nodes.map(async ({ name: nodeName }) => {
    const names: string[] = [];
    // One more after the end: with what is installed then.
    for (let isLast = false; !isLast; ) {
      isLast = isDone;
      const name = `churn-${nodeName}-${names.length}`;
      await runPod(cluster.api, name, { nodeName });
      await deletePods(cluster.api, name);
      names.push(name);
    }
    return names;
  });
  const [names] = await Promise.all([Promise.all(churn), watched]);
  return names.flat();
}

test('an upgrade under churn: no ADD fails, none is tried twice, and the timeline has all of them, by the old plugin and the new', async () => {
  const names = await churnWhile(
    cluster.release.upgrade(BRIDGE, `image.tag=${NEXT_VERSION}`).then(() => cluster.release.waitForRollout()),
  );
  await waitFor({ what: 'both new agents', explain: listAgentVersions }, async () =>
    (await listAgentVersions()).every((agent) => agent === `${NEXT_VERSION} live`),
  );
  await waitForWholeTimeline({ nodes: cluster.nodes, collector });
  const events = await readTimeline(collector);
  expect(events.filter(({ outcome }) => outcome !== 'ok')).toEqual([]);
  const added = events.filter(({ verb, pod }) => verb === 'ADD' && pod?.startsWith('default/churn-'));
  expect(added.map(({ pod }) => pod).sort()).toEqual(names.map((name) => `default/${name}`).sort());
  expect(names.length).toBeGreaterThan(2 * cluster.nodes.length);
  const versions = await Promise.all(added.map(async ({ id }) => await readPluginVersion(id)));
  expect(new Set(versions)).toEqual(new Set(['0.1.0', NEXT_VERSION]));
  expect(await askAcrossNodes()).toMatchObject({ exitCode: 0, stdout: 'steady\n' });
});

async function readPluginVersion(id: string): Promise<string> {
  const { event } = (await collector.get(`/api/v1/events/${id}`)) as { event: { data: { pluginVersion: string } } };
  return event.data.pluginVersion;
}

test('an uninstall leaves running pods connected, with what they need and nothing else', async () => {
  await cluster.release.uninstall();
  expect(await askAcrossNodes()).toMatchObject({ exitCode: 0, stdout: 'steady\n' });
  for (const node of cluster.nodes) {
    const { files, processes } = await readNodeTraces(node);
    expect(processes).toEqual([]);
    expect(files.filter((path) => path.startsWith('/etc/cni/net.d/'))).toEqual([]);
    expect(files).toContain('/opt/cni/bin/podwire');
    expect(files.filter((path) => /ipam\/podwire\/10\./.test(path))).toHaveLength(1);
  }
  // Helm waits until its hook has done its work, not until the pods of the hook are gone.
  const listObjects = () => cluster.release.kubectl('get', 'all', '--output=name');
  await waitFor({ what: 'no object of the release', explain: listObjects }, async () => (await listObjects()) === '');
});

test('installed again it knows them; when they are gone, an uninstall leaves the nodes as they were', async () => {
  await cluster.release.install(BRIDGE);
  expect(await askAcrossNodes()).toMatchObject({ exitCode: 0 });
  await deletePods(cluster.api, 'steady', 'asker');
  await cluster.release.uninstall();
  for (const node of cluster.nodes) {
    const wanted = before.get(node.name) as NodeTraces;
    const isForwarding = (line: string): boolean => line.includes(FORWARDING);
    const explain = () => readNodeTraces(node);
    await waitFor({ what: `nothing left on ${node.name}`, explain, deadlineMs: 30_000 }, async () => {
      return JSON.stringify(omitForwarding(await readNodeTraces(node))) === JSON.stringify(omitForwarding(wanted));
    });
    const { sysctls } = await readNodeTraces(node);
    // It stays on: docs/adr/0055-purge-leaves-forwarding-on.md.
    expect(sysctls.filter(isForwarding)).toEqual([`${FORWARDING}1`]);
  }
});

const omitForwarding = (traces: NodeTraces): NodeTraces => ({
  ...traces,
  sysctls: traces.sysctls.filter((line) => !line.includes(FORWARDING)),
});
