import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { runOrThrow } from '#lab/run-command.ts';
import { StatusNote } from '#model/agent/status-note.ts';
import { NodesBody, PodBody } from '#model/protocol/rest.ts';
import { createPod, waitUntilRunning } from './pods.ts';
import { configureNetwork, installBridge } from './podwire/node-network.ts';
import { nodeOf, type PodwiredCluster, startPodwiredCluster, waitUntilReady } from './podwire/podwired-cluster.ts';
import { readTimeline } from './podwire/timeline.ts';
import type { ClusterNode } from './start-cluster.ts';
import { waitFor } from './wait-for.ts';

const ADDRESSES = ['10.240.1.10', '10.240.1.11'];
const CONFIGURATION = '10-podwire.conflist';

let cluster: PodwiredCluster;
let node: ClusterNode;

beforeAll(async () => {
  cluster = await startPodwiredCluster();
  await installBridge(cluster);
  await waitUntilReady(cluster);
  node = nodeOf(cluster, 'k8s-node01');
});
afterAll(() => cluster?.[Symbol.asyncDispose]());

beforeEach(async () => {
  await cluster.api.kubectl('delete', 'pods', '--all', '--grace-period=1', '--wait');
  await configureNetwork(node, CONFIGURATION, describeNetwork());
  await waitUntilReady(cluster);
});

type NetworkWish = { readonly cniVersions?: readonly string[]; readonly next?: readonly object[] };

/** A network whose pool has two addresses. */
const describeNetwork = ({ cniVersions = ['1.0.0', '1.1.0'], next = [] }: NetworkWish = {}) => ({
  cniVersion: '1.0.0',
  cniVersions,
  name: 'podwire',
  plugins: [
    {
      type: 'podwire',
      ipMasq: true,
      ipam: {
        type: 'podwire',
        ranges: [[{ subnet: '10.240.1.0/24', rangeStart: ADDRESSES[0], rangeEnd: ADDRESSES[1] }]],
      },
    },
    ...next,
  ],
});

const createPodHere = (name: string) => createPod(cluster.api, name, { nodeName: node.name });
const waitForPods = (...names: readonly string[]) => waitUntilRunning(cluster.api, ...names);

const readPod = async (name: string): Promise<PodBody> =>
  PodBody.parse(await cluster.collector.get(`/api/v1/pods/default/${name}`));

const waitForFailures = (name: string, count: number) =>
  waitFor({ what: `${count} failed ADDs of ${name}`, explain: () => readPod(name) }, async () => {
    return ((await readPod(name)).pod?.failedAdds ?? 0) >= count;
  });

/** The kubelet's word for the node's network. */
const readNodeMessage = async (): Promise<string> => {
  const found = (await cluster.api.listNodes()).find(({ metadata }) => metadata.name === node.name);
  return found?.status.conditions?.find(({ type }) => type === 'Ready')?.message ?? '';
};

/** The runtime is told the same every five seconds; the timeline says it once a minute, and the node's agent for how long. */
async function expectFoldedComplaint(): Promise<void> {
  const readNote = async () =>
    StatusNote.parse(JSON.parse(await runOrThrow([...node.enter, 'cat', '/run/podwire/status'])));
  const { since } = await waitFor({ what: 'the same complaint three times' }, async () => {
    const note = await readNote();
    return note.error?.code === 50 && note.unjournalled >= 2 && note;
  });
  const lines = await readTimeline(cluster.collector, { node: node.name, verb: 'STATUS' });
  expect(lines.filter(({ startedAt }) => startedAt >= since)).toMatchObject([
    { outcome: 'error', error: expect.stringContaining('no address is left') },
  ]);
  const readTold = async () =>
    NodesBody.parse(await cluster.collector.get('/api/v1/nodes')).nodes.find(({ name }) => name === node.name)?.agent
      .status?.runtimeStatus;
  await waitFor({ what: 'the complaint from the agent', explain: readTold }, async () => {
    const told = await readTold();
    return told?.error?.code === 50 && told.isAsked && told.since === since;
  });
}

/** What the plugin's own store says is in use. */
const listReserved = async (): Promise<readonly string[]> => {
  const names = await runOrThrow([...node.enter, 'ls', '/var/lib/podwire/ipam/podwire']);
  return names.split('\n').filter((name) => name.startsWith('10.'));
};

describe('a pool of two addresses and three pods', () => {
  test('under a runtime that does not ask STATUS the kubelet tries again: an ADD and a DEL of a new sandbox each time', async () => {
    await configureNetwork(node, CONFIGURATION, describeNetwork({ cniVersions: ['1.0.0'] }));
    await createPodHere('first');
    await waitForPods('first');
    await createPodHere('second');
    await waitForPods('second');
    await createPodHere('third');
    await waitForFailures('third', 3);
    const tries = (await readTimeline(cluster.collector, { pod: 'default/third' })).toReversed();
    const failed = tries.filter(({ verb }) => verb === 'ADD');
    expect(new Set(failed.map(({ containerId }) => containerId)).size).toBe(failed.length);
    for (const { containerId, error } of failed.slice(0, 3)) {
      expect(error).toContain(ADDRESSES.join('-'));
      const verbs = tries
        .filter((each) => each.containerId === containerId)
        .map(({ verb, outcome }) => `${verb} ${outcome}`);
      expect(verbs.slice(0, 2)).toEqual(['ADD error', 'DEL ok']);
    }
    await cluster.api.deletePod('first');
    await waitForPods('third');
    await waitFor(
      { what: 'the ADD that worked in Podwire' },
      async () => (await readPod('third')).pod?.failedAdds === 0,
    );
  });

  test('under one that asks, the node says that its pool is used up, until an address is free; running pods stay', async () => {
    await createPodHere('first');
    await createPodHere('second');
    await waitForPods('first', 'second');
    await waitFor({ what: 'the node’s complaint', explain: readNodeMessage }, async () =>
      (await readNodeMessage()).includes('no address is left in network podwire'),
    );
    await expectFoldedComplaint();
    const [other] = (await cluster.api.listPods()).filter(({ metadata }) => metadata.name === 'second');
    const ping = await cluster.api.exec('first', 'ping', '-c1', '-W5', other?.status.podIP ?? '');
    expect(ping).toMatchObject({ exitCode: 0 });
    await createPodHere('third');
    await cluster.api.deletePod('second');
    await waitForPods('first', 'third');
  });
});

/** The last of a chain: whatever is asked of it but STATUS, it fails. */
const BROKEN_PLUGIN = `#!/bin/sh
cat >/dev/null
case $CNI_COMMAND in STATUS | VERSION | GC) exit 0 ;; esac
echo '{"cniVersion": "1.0.0", "code": 100, "msg": "broken by the bench"}'
exit 1
`;

test('addresses that containerd leaves behind where ADD and DEL both fail are taken back, and the node stays Ready', async () => {
  await writeFile(join(node.root, '/opt/cni/bin/broken'), BROKEN_PLUGIN, { mode: 0o755 });
  await configureNetwork(node, CONFIGURATION, describeNetwork({ next: [{ type: 'broken' }] }));
  const names = ['alpha', 'beta', 'gamma'];
  for (const name of names) await createPodHere(name);
  const pods = new Set(names.map((name) => `default/${name}`));
  const listAdds = async () => {
    const adds = await readTimeline(cluster.collector, { node: node.name, verb: 'ADD' });
    return adds.filter(({ pod }) => pods.has(pod ?? ''));
  };
  await waitFor({ what: 'more ADDs than addresses', explain: listAdds }, async () => (await listAdds()).length >= 6);
  const given = (await listAdds()).flatMap(({ addresses = [] }) => addresses);
  expect(given.length).toBeGreaterThan(new Set(given).size);
  const dels = await readTimeline(cluster.collector, { node: node.name, verb: 'DEL' });
  expect(dels.filter(({ pod }) => pods.has(pod ?? ''))).toEqual([]);
  expect(await readNodeMessage()).not.toContain('no address');
  await configureNetwork(node, CONFIGURATION, describeNetwork());
  await cluster.api.deletePod('gamma');
  await waitForPods('alpha', 'beta');
  expect(await listReserved()).toEqual(ADDRESSES);
});
