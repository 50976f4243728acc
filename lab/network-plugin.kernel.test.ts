import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { InvocationEvent } from '#model/cni/invocation-event.ts';
import { startTestLab, type TestLab, waitFor } from './start-test-lab.ts';

let lab: TestLab;
const NODE = 'k8s-node01';

beforeAll(async () => {
  lab = await startTestLab({ PODWIRE_LAB_STORY: 'empty', PODWIRE_LAB_RETRY_MS: '300' });
}, 60_000);

afterAll(async () => lab[Symbol.asyncDispose]());

const readJournal = () =>
  readFile(join(lab.directory, 'nodes', NODE, 'journal/invocations.ndjson'), 'utf8').catch(() => '');

const listInvocations = async () =>
  (await readJournal())
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => InvocationEvent.parse(JSON.parse(line)));

const readCondition = async () => (await lab.getNode(NODE)).status.conditions[0];

test('a node without a network plugin is NotReady in the words of the kubelet', async () => {
  expect(await readCondition()).toMatchObject({
    type: 'Ready',
    status: 'False',
    reason: 'KubeletNotReady',
    message:
      'container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized',
  });
});

test('a pod waits in ContainerCreating for the network of its node', async () => {
  await lab.createPod({ name: 'first', node: NODE, image: 'busybox' });
  await waitFor('ContainerCreating', async () => readWaiting(lab, 'first').then((found) => found !== undefined));
  expect(await readWaiting(lab, 'first')).toEqual({ reason: 'ContainerCreating' });
  await lab.call('DELETE', '/api/v1/namespaces/default/pods/first');
  await waitFor('the end of the pod', async () => (await lab.getPod('first')) === undefined);
});

test('a configuration whose executable is missing leaves the node NotReady', async () => {
  const file = '{"cniVersion":"1.0.0","name":"other","type":"absent"}';
  await lab.execOnNode(NODE, 'sh', '-c', `echo '${file}' > /etc/cni/net.d/05-other.conf`);
  await lab.call('PUT', `/lab/v1/nodes/${NODE}/cni`, { installed: true });
  expect(await readCondition()).toMatchObject({ status: 'False', reason: 'KubeletNotReady' });
  await lab.execOnNode(NODE, 'rm', '/etc/cni/net.d/05-other.conf');
});

test('executable and configuration make the node Ready, and nothing is invoked for it', async () => {
  await lab.call('PUT', `/lab/v1/nodes/${NODE}/cni`, { installed: true });
  await waitFor('Ready', async () => (await readCondition())?.status === 'True');
  expect(await readCondition()).toMatchObject({ status: 'True', reason: 'KubeletReady' });
  expect(await readJournal()).toBe('');
});

test('a pod comes and goes with one ADD and two DELs as under containerd, and nothing of it is left on the node', async () => {
  const listLinks = async () => {
    const links = await lab.execOnNode(NODE, 'ip', '-j', 'link');
    return (JSON.parse(links.stdout) as { readonly ifname: string }[]).map(({ ifname }) => ifname);
  };
  const listPodThings = async () => {
    const files = await lab.execOnNode(NODE, 'ls', '/run/netns', '/var/lib/podwire/ipam/podwire');
    return files.stdout.split('\n').filter((name) => /^(cni-|10\.)/.test(name));
  };
  const before = await listLinks();
  await lab.createPod({ name: 'first', node: NODE, image: 'busybox' });
  await waitFor('the pod', async () => (await lab.getPod('first'))?.status.phase === 'Running');
  expect((await listLinks()).length).toBe(before.length + 2);
  expect(await listPodThings()).toEqual([expect.stringMatching(/^cni-/), '10.240.2.2']);
  const rules = await lab.execOnNode(NODE, 'iptables', '-S');
  expect(await lab.execInPod('first', 'ping', '-c1', '-W5', '10.240.2.1')).toMatchObject({ exitCode: 0 });
  await lab.call('DELETE', '/api/v1/namespaces/default/pods/first');
  await waitFor('three invocations', async () => (await listInvocations()).length === 3);
  expect((await listInvocations()).map(({ data }) => [data.verb, data.outcome, data.env.netns !== undefined])).toEqual([
    ['ADD', 'ok', true],
    ['DEL', 'ok', true],
    ['DEL', 'ok', false],
  ]);
  expect(await listLinks()).toEqual([...before, 'cni0']);
  expect(await listPodThings()).toEqual([]);
  expect((await lab.execOnNode(NODE, 'iptables', '-S')).stdout).toBe(rules.stdout);
});

test('a failing ADD is told in the status of the pod and tried again in a new sandbox', async () => {
  // The agent would repair a file of its own: it is told to leave the node alone, and the file is somebody else's from then on.
  const file = '/etc/cni/net.d/10-podwire.conflist';
  await lab.execOnNode(NODE, 'cp', file, '/run/network');
  await lab.call('PUT', `/lab/v1/nodes/${NODE}/cni`, { installed: false });
  // The kubelet follows the directory in its own time: only NotReady, then Ready tells that it holds the new file.
  await waitFor('NotReady', async () => (await readCondition())?.status === 'False');
  await lab.execOnNode(NODE, 'sh', '-c', `sed 's#10.240.2.0/24#10.240.2.0/30#' /run/network > ${file}`);
  await waitFor('Ready', async () => (await readCondition())?.status === 'True');
  await lab.createPod({ name: 'first', node: NODE, image: 'busybox' });
  await waitFor('the first pod', async () => (await lab.getPod('first'))?.status.phase === 'Running');
  await lab.createPod({ name: 'second', node: NODE, image: 'busybox' });
  const sandboxes = new Set<string>();
  await waitFor('a second sandbox', async () => {
    const message = (await readWaiting(lab, 'second'))?.message;
    if (message === undefined) return false;
    expect(message).toMatch(
      /^FailedCreatePodSandBox: Failed to create pod sandbox: .* plugin type="podwire" failed \(add\): \S/,
    );
    sandboxes.add(/sandbox "([0-9a-f]{64})"/.exec(message)?.[1] ?? '');
    return sandboxes.size > 1;
  });
  const namespaces = await lab.execOnNode(NODE, 'sh', '-c', 'ls /run/netns | wc -l');
  expect(Number(namespaces.stdout)).toBeLessThanOrEqual(2);
});

test('a pod that waited for an address gets the one that another gave back', async () => {
  await lab.call('DELETE', '/api/v1/namespaces/default/pods/first');
  await waitFor('the second pod', async () => (await lab.getPod('second'))?.status.phase === 'Running');
  expect((await lab.getPod('second'))?.status.podIP).toBe('10.240.2.2');
});

test('without its configuration a node is NotReady again, and its pods keep their network', async () => {
  await lab.call('PUT', `/lab/v1/nodes/${NODE}/cni`, { installed: false });
  expect(await readCondition()).toMatchObject({ status: 'False' });
  expect(await lab.execInPod('second', 'ping', '-c1', '-W5', '10.240.2.1')).toMatchObject({ exitCode: 0 });
});

async function readWaiting(from: TestLab, name: string) {
  const state = (await from.getPod(name))?.status.containerStatuses?.[0]?.state;
  return state !== undefined && 'waiting' in state ? state.waiting : undefined;
}
