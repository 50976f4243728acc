import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { NodesBody } from '#model/protocol/rest.ts';
import { ClusterTopology, type NodeTile } from '#model/topology/topology.ts';
import { BUSYBOX_IMAGE, WEB_IMAGE } from './pack-images.ts';
import { readCalls, watchCalls } from './podwire/call-log.ts';
import { installBridge } from './podwire/node-network.ts';
import { nodeOf, type PodwiredCluster, startPodwiredCluster, waitUntilReady } from './podwire/podwired-cluster.ts';
import { readTimeline } from './podwire/timeline.ts';
import { waitFor } from './wait-for.ts';
import type { Daemon } from './world/daemon.ts';

const NODE = 'k8s-node01';
const API_OUTAGE_MS = 60_000;

let cluster: PodwiredCluster;

beforeAll(async () => {
  cluster = await startPodwiredCluster();
  await installBridge(cluster);
  for (const node of cluster.nodes) await watchCalls(node);
  await waitUntilReady(cluster);
  await createPod('steady', NODE, { image: WEB_IMAGE });
  const url = `http://${(await readPod('steady'))?.status.podIP}/cgi-bin/host`;
  await createPod('asker', 'controlplane', { image: BUSYBOX_IMAGE, command: ['sh', '-c', renderAsking(url)] });
});
afterAll(() => cluster?.[Symbol.asyncDispose]());

/** Asks for ever, across the nodes, and keeps what went wrong. */
const renderAsking = (url: string): string =>
  `while :; do wget -qO/dev/null -T 3 ${url} && echo >>/tmp/answers || date >>/tmp/failures; sleep 0.2; done`;

const createPod = async (name: string, nodeName: string, container: object = { image: BUSYBOX_IMAGE }) => {
  await cluster.api.createPod({
    metadata: { name },
    spec: { nodeName, terminationGracePeriodSeconds: 1, containers: [{ name: 'main', ...container }] },
  });
  const explain = () => cluster.api.kubectl('get', 'pods', '-o', 'wide');
  await waitFor({ what: `${name} to run`, explain }, async () => (await readPod(name))?.status.phase === 'Running');
};

const deletePod = (name: string) => cluster.api.kubectl('delete', 'pod', name, '--grace-period=1', '--wait');

const readPod = async (name: string) => (await cluster.api.listPods()).find(({ metadata }) => metadata.name === name);

/** Not one question went without an answer so far, and both pods are those that were started first. */
async function expectUnharmed(): Promise<void> {
  const readAsker = async (words: string) => (await cluster.api.exec('asker', 'sh', '-c', words)).stdout.trim();
  const answers = Number(await readAsker('wc -l </tmp/answers'));
  await waitFor({ what: 'another answer' }, async () => Number(await readAsker('wc -l </tmp/answers')) > answers);
  expect(await readAsker('cat /tmp/failures 2>/dev/null')).toBe('');
  for (const name of ['asker', 'steady']) {
    expect((await readPod(name))?.status.containerStatuses?.[0]?.restartCount).toBe(0);
  }
}

/** Waits until the timeline has every ADD and DEL that containerd made, and none twice. */
async function expectWholeTimeline(): Promise<void> {
  const readCalled = async (): Promise<readonly string[]> => {
    const calls = (await Promise.all(cluster.nodes.map(readCalls))).flat();
    return calls
      .filter(({ verb }) => verb === 'ADD' || verb === 'DEL')
      .map(({ verb, containerId }) => `${verb} ${containerId}`)
      .sort();
  };
  const readShown = async (): Promise<readonly string[]> =>
    (await readTimeline(cluster.collector)).map(({ verb, containerId }) => `${verb} ${containerId}`).sort();
  const explain = async () => ({ called: (await readCalled()).length, shown: (await readShown()).length });
  await waitFor({ what: 'the whole timeline', explain, deadlineMs: 60_000 }, async () => {
    const { called, shown } = await explain();
    return shown >= called;
  });
  expect(await readShown()).toEqual(await readCalled());
}

const readTile = async (name: string): Promise<NodeTile | undefined> =>
  NodesBody.parse(await cluster.collector.get('/api/v1/nodes')).nodes.find((tile) => tile.name === name);

const readProblem = async (): Promise<string | undefined> =>
  ClusterTopology.parse(await cluster.collector.get('/api/v1/cluster')).cluster.cluster?.problem;

const agentOf = (name: string): Daemon => {
  const agent = cluster.agents.get(name);
  if (agent === undefined) throw new Error(`no agent on ${name}`);
  return agent;
};

const waitForAgent = (state: NodeTile['agent']['state']) =>
  waitFor({ what: `an agent that is ${state}`, explain: () => readTile(NODE) }, async () => {
    return (await readTile(NODE))?.agent.state === state;
  });

test('containerd killed and started again: pods stay connected, new ones are wired, the timeline is whole', async () => {
  const { containerd } = nodeOf(cluster, NODE);
  await createPod('before-containerd', NODE);
  await containerd.stop('SIGKILL');
  containerd.start();
  await createPod('after-containerd', NODE);
  await deletePod('before-containerd');
  await expectUnharmed();
  await expectWholeTimeline();
});

test('the kubelet killed and started again: the same', async () => {
  const { kubelet } = nodeOf(cluster, NODE);
  await createPod('before-kubelet', NODE);
  await kubelet.stop('SIGKILL');
  kubelet.start();
  await createPod('after-kubelet', NODE);
  await deletePod('before-kubelet');
  await expectUnharmed();
  await expectWholeTimeline();
});

test('an agent killed: its node is shown as stale, pods come and go meanwhile, and their events come with the next agent', async () => {
  await waitForAgent('live');
  await agentOf(NODE).stop('SIGKILL');
  await createPod('without-agent', NODE);
  await waitForAgent('stale');
  expect((await readTile('controlplane'))?.agent.state).toBe('live');
  await deletePod('without-agent');
  await expectUnharmed();
  agentOf(NODE).start();
  await waitForAgent('live');
  await expectWholeTimeline();
});

test('the collector killed: pods come and go meanwhile, and the next collector has all of it and says nothing twice', async () => {
  await cluster.collector.daemon.stop('SIGKILL');
  await createPod('without-collector', NODE);
  await deletePod('without-collector');
  await createPod('since-collector', NODE);
  await expectUnharmed();
  await cluster.collector.restart();
  await waitForAgent('live');
  await expectWholeTimeline();
  const running = (await cluster.api.listPods()).filter(({ spec }) => spec.nodeName === NODE).length;
  await waitFor({ what: 'the pods in the new collector', explain: () => readTile(NODE) }, async () => {
    const pods = (await readTile(NODE))?.pods;
    return pods?.running === running && pods.wired === running;
  });
});

test('the API server gone for a minute: pods stay connected, Podwire says what it cannot know, and forgets the problem after', async () => {
  const { apiServer } = cluster.controlPlane;
  const steady = await readPod('steady');
  await apiServer.stop('SIGKILL');
  const gone = wait(API_OUTAGE_MS);
  const problem = await waitFor({ what: 'the problem in Podwire' }, readProblem);
  expect(problem).toContain('192.168.31.162:6443');
  expect((await readTile(NODE))?.agent.state).toBe('live');
  await gone;
  expect(await readProblem()).toBeDefined();
  expect((await readTile(NODE))?.agent.state).toBe('live');
  apiServer.start();
  await waitFor({ what: 'the API server', explain: () => apiServer.readLog() }, async () => {
    return (await readPod('steady'))?.metadata.uid === steady?.metadata.uid;
  });
  await waitFor(
    { what: 'no problem in Podwire', explain: readProblem },
    async () => (await readProblem()) === undefined,
  );
  await waitUntilReady(cluster);
  await createPod('after-outage', NODE);
  await expectUnharmed();
  await expectWholeTimeline();
});
