import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { NodesBody } from '#model/protocol/rest.ts';
import { ClusterTopology, type NodeTile } from '#model/topology/topology.ts';
import { WEB_IMAGE } from './pack-images.ts';
import { deletePods, findPod, runPod } from './pods.ts';
import { signalAgent } from './podwire/agent-process.ts';
import { watchCalls } from './podwire/call-log.ts';
import type { CollectorClient } from './podwire/collector-client.ts';
import { type DeployableCluster, reachCollector, startDeployableCluster } from './podwire/deployed-cluster.ts';
import { nodeOf, waitUntilReady } from './podwire/podwired-cluster.ts';
import { waitForWholeTimeline } from './podwire/whole-timeline.ts';
import { waitFor } from './wait-for.ts';

/** The collector is on the other one. */
const NODE = 'k8s-node01';
/** Longer than a review of a token is kept, and an agent is silent before it is stale. */
const API_OUTAGE_MS = 75_000;

let cluster: DeployableCluster;
let collector: CollectorClient;

beforeAll(async () => {
  cluster = await startDeployableCluster();
  for (const node of cluster.nodes) await watchCalls(node);
  await cluster.release.install('cni.mode=bridge');
  collector = await reachCollector(cluster);
  await runPod(cluster.api, 'steady', { nodeName: NODE, image: WEB_IMAGE });
  const url = `http://${(await findPod(cluster.api, 'steady'))?.status.podIP}/cgi-bin/host`;
  await runPod(cluster.api, 'asker', { nodeName: 'controlplane', command: ['sh', '-c', renderAsking(url)] });
});
afterAll(() => cluster?.[Symbol.asyncDispose]());

/** Asks for ever, across the nodes, and keeps what went wrong. */
const renderAsking = (url: string): string =>
  `while :; do wget -qO/dev/null -T 3 ${url} && echo >>/tmp/answers || date >>/tmp/failures; sleep 0.2; done`;

const startPod = (name: string) => runPod(cluster.api, name, { nodeName: NODE });

/** Not one question went without an answer so far, and both pods are those that were started first. */
async function expectUnharmed(): Promise<void> {
  const readAsker = async (words: string) => (await cluster.api.exec('asker', 'sh', '-c', words)).stdout.trim();
  const answers = Number(await readAsker('wc -l </tmp/answers'));
  await waitFor({ what: 'another answer' }, async () => Number(await readAsker('wc -l </tmp/answers')) > answers);
  expect(await readAsker('cat /tmp/failures 2>/dev/null')).toBe('');
  for (const name of ['asker', 'steady']) {
    expect((await findPod(cluster.api, name))?.status.containerStatuses?.[0]?.restartCount).toBe(0);
  }
}

const expectWholeTimeline = () => waitForWholeTimeline({ nodes: cluster.nodes, collector });

const readTile = async (name: string): Promise<NodeTile | undefined> =>
  NodesBody.parse(await collector.get('/api/v1/nodes')).nodes.find((tile) => tile.name === name);

const readProblem = async (): Promise<string | undefined> =>
  ClusterTopology.parse(await collector.get('/api/v1/cluster')).cluster.cluster?.problem;

const waitForAgent = (state: NodeTile['agent']['state']) =>
  waitFor({ what: `an agent that is ${state}`, explain: () => readTile(NODE) }, async () => {
    return (await readTile(NODE))?.agent.state === state;
  });

/** Kills the pod of a part as an eviction without mercy does; its controller makes another one. @returns its name */
async function killPod(component: string, nodeName: string): Promise<string> {
  const pods = await cluster.api.listPods('podwire');
  const pod = pods.find(
    ({ metadata, spec }) =>
      metadata.labels?.['app.kubernetes.io/component'] === component && spec.nodeName === nodeName,
  );
  if (pod === undefined) throw new Error(`no pod of the ${component} on ${nodeName}`);
  await cluster.release.kubectl('delete', 'pod', pod.metadata.name, '--grace-period=0', '--force');
  return pod.metadata.name;
}

test('containerd killed and started again: pods stay connected, new ones are wired, the timeline is whole', async () => {
  const { containerd } = nodeOf(cluster, NODE);
  await startPod('before-containerd');
  await containerd.stop('SIGKILL');
  containerd.start();
  await startPod('after-containerd');
  await deletePods(cluster.api, 'before-containerd');
  await expectUnharmed();
  await expectWholeTimeline();
});

test('the kubelet killed and started again: the same', async () => {
  const { kubelet } = nodeOf(cluster, NODE);
  await startPod('before-kubelet');
  await kubelet.stop('SIGKILL');
  kubelet.start();
  await startPod('after-kubelet');
  await deletePods(cluster.api, 'before-kubelet');
  await expectUnharmed();
  await expectWholeTimeline();
});

test('an agent hangs, then its pod is killed: its node is shown as stale, pods come and go meanwhile, and their events come with the next agent', async () => {
  await waitForAgent('live');
  await signalAgent(nodeOf(cluster, NODE), 'STOP');
  await startPod('without-agent');
  await waitForAgent('stale');
  expect((await readTile('controlplane'))?.agent.state).toBe('live');
  await deletePods(cluster.api, 'without-agent');
  await expectUnharmed();
  await killPod('agent', NODE);
  await startPod('between-agents');
  await cluster.release.waitForRollout();
  await waitForAgent('live');
  await deletePods(cluster.api, 'between-agents');
  await expectUnharmed();
  await expectWholeTimeline();
});

test('the collector’s pod killed: pods come and go meanwhile, and the next collector has all of it and says nothing twice', async () => {
  await killPod('collector', 'controlplane');
  await startPod('without-collector');
  await deletePods(cluster.api, 'without-collector');
  await startPod('since-collector');
  await expectUnharmed();
  await cluster.release.waitForRollout();
  await waitForAgent('live');
  await expectWholeTimeline();
  const running = [...(await cluster.api.listPods()), ...(await cluster.api.listPods('podwire'))].filter(
    ({ spec, status }) => spec.nodeName === NODE && status.phase === 'Running',
  ).length;
  await waitFor({ what: 'the pods in the new collector', explain: () => readTile(NODE) }, async () => {
    return (await readTile(NODE))?.pods.running === running;
  });
});

test('the API server gone for a minute: pods stay connected, Podwire says what it cannot know, and forgets the problem after', async () => {
  const { apiServer } = cluster.controlPlane;
  const steady = await findPod(cluster.api, 'steady');
  await apiServer.stop('SIGKILL');
  const gone = wait(API_OUTAGE_MS);
  const problem = await waitFor({ what: 'the problem in Podwire' }, readProblem);
  expect(problem).toContain('10.96.0.1');
  expect((await readTile(NODE))?.agent.state).toBe('live');
  await gone;
  expect(await readProblem()).toBeDefined();
  expect((await readTile(NODE))?.agent.state).toBe('live');
  apiServer.start();
  await waitFor({ what: 'the API server', explain: () => apiServer.readLog() }, async () => {
    return (await findPod(cluster.api, 'steady'))?.metadata.uid === steady?.metadata.uid;
  });
  await waitFor(
    { what: 'no problem in Podwire', explain: readProblem },
    async () => (await readProblem()) === undefined,
  );
  await waitUntilReady(cluster);
  await startPod('after-outage');
  await expectUnharmed();
  await expectWholeTimeline();
});
