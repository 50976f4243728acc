import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NodesBody, PodBody, PodsBody } from '#model/protocol/rest.ts';
import type { NodeTile, TopologyPod } from '#model/topology/topology.ts';
import { NODE_PATHS } from './node/boot-node.ts';
import { BUSYBOX_IMAGE, WEB_IMAGE } from './pack-images.ts';
import { createPod, findPod, waitUntilRunning } from './pods.ts';
import { readCalls, watchCalls } from './podwire/call-log.ts';
import { Collector } from './podwire/collector.ts';
import type { CollectorClient } from './podwire/collector-client.ts';
import { type DeployableCluster, reachCollector, startDeployableCluster } from './podwire/deployed-cluster.ts';
import { readNodeTraces } from './podwire/node-traces.ts';
import { nodeOf, waitUntilReady } from './podwire/podwired-cluster.ts';
import { readTimeline } from './podwire/timeline.ts';
import type { ClusterNode } from './start-cluster.ts';
import { waitFor } from './wait-for.ts';
import { MASQUERADED_ADDRESS } from './world/build-lan.ts';

const MANIFEST = `${NODE_PATHS.deploy}/podwire.yaml`;
const UNINSTALL = `${NODE_PATHS.deploy}/podwire-uninstall.yaml`;

let cluster: DeployableCluster;
/** The one in the cluster, as soon as it runs. */
let collector: CollectorClient;

beforeAll(async () => {
  cluster = await startDeployableCluster();
  for (const node of cluster.nodes) await watchCalls(node);
});
afterAll(() => cluster?.[Symbol.asyncDispose]());

const readTiles = async (from: CollectorClient = collector): Promise<readonly NodeTile[]> =>
  NodesBody.parse(await from.get('/api/v1/nodes')).nodes;

const readReady = async () =>
  (await cluster.api.listNodes()).map(({ metadata, status }) => {
    const ready = status.conditions?.find(({ type }) => type === 'Ready');
    return { name: metadata.name, status: ready?.status, reason: ready?.reason, message: ready?.message };
  });

/** One of the two has the collector. */
async function findIdleNode(): Promise<ClusterNode> {
  const pods = await cluster.api.listPods('podwire');
  const collector = pods.find(({ spec }) => spec.hostNetwork !== true);
  return nodeOf(cluster, cluster.nodes.find(({ name }) => name !== collector?.spec.nodeName)?.name ?? '');
}

const describeTile = ({ name, ready }: NodeTile) => ({
  name,
  status: ready?.status,
  reason: ready?.reason,
  message: ready?.message,
});

test('without a network plugin both nodes are NotReady, and Podwire at somebody’s desk repeats the kubelet’s own words', async () => {
  const atDesk = await Collector.start(cluster, cluster.desk);
  const wanted = 'cni plugin not initialized';
  await waitFor({ what: 'the kubelets’ complaint', explain: readReady }, async () =>
    (await readReady()).every(({ status, message }) => status === 'False' && message?.includes(wanted)),
  );
  await waitFor({ what: 'the same words from Podwire', explain: () => readTiles(atDesk) }, async () => {
    const [said, shown] = [await readReady(), (await readTiles(atDesk)).map(describeTile)];
    return JSON.stringify(said) === JSON.stringify(shown);
  });
  await atDesk.daemon.stop('SIGTERM');
});

test('installed by one command, the nodes are Ready before any pod was wired: containerd asks STATUS, and nothing else', async () => {
  await cluster.api.kubectl('apply', '-f', MANIFEST);
  await waitUntilReady(cluster);
  await cluster.release.waitForRollout();
  collector = await reachCollector(cluster);
  await waitFor({ what: 'Ready nodes in Podwire', explain: readTiles }, async () =>
    (await readTiles()).every(({ ready, agent }) => ready?.status === 'True' && agent.state === 'live'),
  );
  const idle = await findIdleNode();
  await waitFor({ what: `STATUS on ${idle.name}` }, async () => (await readCalls(idle)).length > 0);
  expect(new Set((await readCalls(idle)).map(({ verb }) => verb))).toEqual(new Set(['STATUS']));
  const readAsked = async () => (await readTiles()).find(({ name }) => name === idle.name)?.agent.status?.runtimeStatus;
  const asked = await waitFor({ what: 'STATUS in Podwire', explain: readTiles }, readAsked);
  expect(asked).toMatchObject({ isAsked: true, network: 'podwire' });
  expect(asked.error).toBeUndefined();
  expect(await readTimeline(collector, { node: idle.name })).toEqual([]);
});

describe('with busybox and nginx1 on one node and nginx2 on the other', () => {
  beforeAll(async () => {
    const plans = [
      { name: 'busybox', nodeName: 'k8s-node01', image: BUSYBOX_IMAGE },
      { name: 'nginx1', nodeName: 'k8s-node01', image: WEB_IMAGE },
      { name: 'nginx2', nodeName: 'controlplane', image: WEB_IMAGE },
    ];
    for (const { name, ...wish } of plans) await createPod(cluster.api, name, wish);
    await waitUntilRunning(cluster.api, ...plans.map(({ name }) => name));
  });

  const addressOf = async (name: string): Promise<string> =>
    (await cluster.api.listPods()).find(({ metadata }) => metadata.name === name)?.status.podIP ?? 'none';
  const fetchIn = (url: string) => cluster.api.exec('busybox', 'wget', '-qO-', '-T', '10', url);

  test('busybox fetches from the same node, from the other node and from the internet', async () => {
    for (const name of ['nginx1', 'nginx2']) {
      const answer = await fetchIn(`http://${await addressOf(name)}/cgi-bin/host`);
      expect(answer).toMatchObject({ exitCode: 0, stdout: `${name}\n` });
    }
    const { stdout } = await fetchIn('http://8.8.8.8/cgi-bin/client');
    expect(stdout).toContain(MASQUERADED_ADDRESS);
  });

  test('nginx2 sees the address of busybox itself, across the nodes', async () => {
    const { stdout } = await fetchIn(`http://${await addressOf('nginx2')}/cgi-bin/client`);
    expect(stdout).toContain(await addressOf('busybox'));
  });

  test('every pod has one ADD in the timeline, and its wire is known from that', async () => {
    for (const name of ['busybox', 'nginx1', 'nginx2']) {
      const body = await waitFor({ what: `the wire of ${name}` }, async () => {
        const found = PodBody.parse(await collector.get(`/api/v1/pods/default/${name}`));
        return found.attachments[0]?.hostLinkIndex !== undefined && found;
      });
      expect(body.attachments).toMatchObject([{ ifName: 'eth0', isInferred: false }]);
      expect(body.invocations.map(({ verb, outcome }) => `${verb} ${outcome}`)).toEqual(['ADD ok']);
    }
  });
});

/** Every column of `kubectl get pods -o wide` but AGE, which ends as it is read. */
async function readKubectlRows(): Promise<readonly string[]> {
  const text = await cluster.api.kubectl('get', 'pods', '--no-headers', '-o', 'wide');
  return text
    .trim()
    .split('\n')
    .map((line) => {
      // RESTARTS may read `1 (3s ago)`.
      const [name, ready, status, restarts, _age, ...rest] = line
        .replace(/\(\S+ ago\)/, '')
        .trim()
        .split(/\s+/);
      return [name, ready, status, restarts, ...rest].join(' ');
    });
}

const describePod = (pod: TopologyPod): string => {
  const { containers, readinessGates, nominatedNodeName, nodeName } = pod;
  const gates = readinessGates === undefined ? '<none>' : `${readinessGates.met}/${readinessGates.total}`;
  return [
    pod.name,
    `${containers?.ready}/${containers?.total}`,
    pod.status,
    containers?.restarts,
    ...[pod.podIps[0], nodeName, nominatedNodeName].map((value) => value ?? '<none>'),
    gates,
  ].join(' ');
};

test('`kubectl get pods -o wide` and Podwire agree, whatever becomes of a pod', async () => {
  const container = (command: string) => [{ name: 'main', image: BUSYBOX_IMAGE, command: ['sh', '-c', command] }];
  const manifests = {
    completed: { restartPolicy: 'Never', containers: container('true') },
    failed: { restartPolicy: 'Never', containers: container('exit 3') },
    crashing: { containers: container('exit 1') },
    unplaced: { nodeSelector: { nowhere: 'yes' }, containers: container('true') },
    imageless: { containers: [{ name: 'main', image: 'podwire.test/none:1', imagePullPolicy: 'Never' }] },
    gated: { readinessGates: [{ conditionType: 'podwire.test/gate' }], containers: container('sleep 1000') },
    halved: {
      restartPolicy: 'Never',
      containers: [...container('true'), { name: 'second', image: BUSYBOX_IMAGE }],
    },
    sided: {
      initContainers: [{ name: 'side', image: BUSYBOX_IMAGE, restartPolicy: 'Always' }],
      containers: container('sleep 1000'),
    },
    onhost: { hostNetwork: true, containers: container('sleep 1000') },
    waiting: {
      initContainers: [{ name: 'first', image: BUSYBOX_IMAGE, command: ['sleep', '1000'] }],
      containers: container('true'),
    },
  };
  for (const [name, spec] of Object.entries(manifests)) await cluster.api.createPod({ metadata: { name }, spec });
  const settled = ['Completed', 'Error', 'Pending', 'ErrImageNeverPull', 'Running', 'Init:0/1', 'NotReady'];
  const readShown = async () => {
    const { pods } = PodsBody.parse(await collector.get('/api/v1/pods?namespace=default'));
    return pods.map(describePod);
  };
  await waitFor({ what: 'every kind of pod in kubectl', explain: readKubectlRows }, async () => {
    const statuses = new Set((await readKubectlRows()).map((row) => row.split(' ')[2]));
    return settled.every((status) => statuses.has(status));
  });
  const ages = new Map(
    (await cluster.api.listPods()).map((pod) => [pod.metadata.name, pod.metadata.creationTimestamp]),
  );
  const { pods } = PodsBody.parse(await collector.get('/api/v1/pods?namespace=default'));
  expect(new Map(pods.map((pod) => [pod.name, pod.createdAt.replace('.000', '')]))).toEqual(ages);
  const explain = async () => ({ kubectl: await readKubectlRows(), podwire: await readShown() });
  await waitFor({ what: 'the same rows from both', deadlineMs: 60_000, explain }, async () => {
    const { kubectl, podwire } = await explain();
    return JSON.stringify(kubectl) === JSON.stringify(podwire);
  });
});

test('taken off by the commands of the documentation: no network of ours is on a node, and the pods of the story stay connected', async () => {
  const url = `http://${(await findPod(cluster.api, 'nginx2'))?.status.podIP}/cgi-bin/host`;
  await cluster.release.kubectl('delete', '-f', MANIFEST);
  await cluster.release.kubectl('apply', '-f', UNINSTALL);
  await cluster.release.kubectl('wait', '--for=condition=complete', 'job/podwire-uninstall', '--timeout=3m');
  await cluster.release.kubectl('delete', '-f', UNINSTALL);
  for (const node of cluster.nodes) {
    const { files } = await readNodeTraces(node);
    expect(files.filter((path) => path.startsWith('/etc/cni/net.d/'))).toEqual([]);
  }
  expect(await cluster.api.exec('busybox', 'wget', '-qO-', '-T', '10', url)).toMatchObject({ stdout: 'nginx2\n' });
  await expect(cluster.api.kubectl('get', 'namespace', 'podwire')).rejects.toThrow('NotFound');
});
