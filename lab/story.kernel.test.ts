import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PodObject } from './api/kubernetes-objects.ts';
import { startTestLab, type TestLab, waitFor } from './start-test-lab.ts';

let lab: TestLab;

beforeAll(async () => {
  lab = await startTestLab();
  await waitFor('the three pods', async () => {
    const pods = await Promise.all(['busybox', 'nginx1', 'nginx2'].map((name) => lab.getPod(name)));
    return pods.every((pod) => pod?.status.phase === 'Running');
  });
}, 60_000);

afterAll(async () => lab[Symbol.asyncDispose]());

describe('the default story', () => {
  test('gives the three pods the addresses of the tutorial', async () => {
    const pods = await Promise.all(['busybox', 'nginx1', 'nginx2'].map((name) => lab.getPod(name)));
    expect(pods.map((pod) => pod?.status.podIP)).toEqual(['10.240.2.2', '10.240.2.3', '10.240.1.2']);
  });

  test('busybox fetches the page of nginx1 on the same node', async () => {
    const answer = await lab.execInPod('busybox', 'wget', '-qO-', 'http://10.240.2.3');
    expect(answer).toMatchObject({ exitCode: 0 });
    expect(answer.stdout).toContain('Pod default/nginx1 on node k8s-node01');
  });

  test('busybox fetches the page of nginx2 on the other node', async () => {
    const answer = await lab.execInPod('busybox', 'wget', '-qO-', 'http://10.240.1.2');
    expect(answer).toMatchObject({ exitCode: 0 });
    expect(answer.stdout).toContain('Pod default/nginx2 on node controlplane');
  });

  test('busybox pings 8.8.8.8, and the internet sees no address of a pod', async () => {
    expect(await lab.execInPod('busybox', 'ping', '-c1', '-W5', '8.8.8.8')).toMatchObject({ exitCode: 0 });
    const page = await lab.execInPod('busybox', 'wget', '-qO-', 'http://8.8.8.8');
    expect(page.stdout).toContain('sees 203.0.113.1');
  });

  test('without masquerading the answer of the internet finds no way back', async () => {
    const rule = ['-s', '10.240.2.2', '-j', 'ACCEPT'];
    await lab.execOnNode('k8s-node01', 'iptables', '-t', 'nat', '-I', 'POSTROUTING', ...rule);
    try {
      expect(await lab.execInPod('busybox', 'ping', '-c1', '-W1', '8.8.8.8')).toMatchObject({ exitCode: 1 });
    } finally {
      await lab.execOnNode('k8s-node01', 'iptables', '-t', 'nat', '-D', 'POSTROUTING', ...rule);
    }
  });

  test('the nodes drop what no rule lets pass, and route to each other with the protocol number of podwire', async () => {
    const rules = await lab.execOnNode('k8s-node01', 'iptables', '-S', 'FORWARD');
    expect(rules.stdout).toContain('-P FORWARD DROP');
    const routes = await lab.execOnNode('k8s-node01', 'ip', '-j', 'route', 'show', '10.240.1.0/24');
    expect(JSON.parse(routes.stdout)).toMatchObject([{ gateway: '192.168.31.162', dev: 'eth0', protocol: '112' }]);
  });

  test('a route between nodes that somebody deletes is set again by the agent of the node', async () => {
    const command = 'ip route del 10.240.1.0/24; iptables -F FORWARD; echo 0 > /proc/sys/net/ipv4/ip_forward';
    expect(await lab.execOnNode('k8s-node01', 'sh', '-c', command)).toMatchObject({ exitCode: 0 });
    await waitFor('the page of nginx2', async () => {
      const answer = await lab.execInPod('busybox', 'wget', '-qO-', 'http://10.240.1.2');
      return answer.stdout.includes('Pod default/nginx2');
    });
    const routes = await lab.execOnNode('k8s-node01', 'ip', '-j', 'route', 'show', '10.240.1.0/24');
    expect(JSON.parse(routes.stdout)).toMatchObject([{ gateway: '192.168.31.162', protocol: '112' }]);
  });

  test('a node knows the boot of its own that it reports', async () => {
    const bootId = await lab.execOnNode('k8s-node01', 'cat', '/proc/sys/kernel/random/boot_id');
    expect(bootId.stdout.trim()).toBe((await lab.getNode('k8s-node01')).status.nodeInfo.bootID);
  });

  test('a watch from a resourceVersion that nobody knows is Gone', async () => {
    const answer = await lab.call('GET', '/api/v1/pods?watch=true&resourceVersion=999999');
    expect(answer.status).toBe(410);
  });

  test('`ip netns exec` works inside a node', async () => {
    const [name] = (await lab.execOnNode('controlplane', 'ls', '/run/netns')).stdout.trim().split('\n');
    const links = await lab.execOnNode('controlplane', 'ip', 'netns', 'exec', name ?? '', 'ls', '/sys/class/net');
    expect(links.stdout.trim().split('\n')).toEqual(['eth0', 'lo']);
  });

  test('the API refuses requests without the token', async () => {
    expect((await fetch(`${lab.server}/api/v1/pods`)).status).toBe(401);
  });
});

test('a pod lives from ADD to DEL, and the watch tells it', async () => {
  const list = (await (await lab.call('GET', '/api/v1/pods')).json()) as { metadata: { resourceVersion: string } };
  const watch = await lab.call('GET', `/api/v1/pods?watch=true&resourceVersion=${list.metadata.resourceVersion}`);
  await lab.createPod({ name: 'nginx3', node: 'controlplane', image: 'nginx' });
  const seen: string[] = [];
  for await (const { type, object } of readEvents(watch)) {
    const state = object.status.containerStatuses?.[0]?.state;
    const status = state !== undefined && 'waiting' in state ? state.waiting.reason : object.status.phase;
    const isTerminating = object.metadata.deletionTimestamp !== undefined;
    seen.push(`${type} ${isTerminating ? 'Terminating' : status}`);
    if (object.status.phase === 'Running' && !isTerminating) {
      expect(object.status.podIP).toMatch(/^10\.240\.1\.\d+$/);
      await lab.call('DELETE', '/api/v1/namespaces/default/pods/nginx3');
    }
    if (type === 'DELETED') break;
  }
  expect(seen).toEqual([
    'ADDED Pending',
    'MODIFIED ContainerCreating',
    'MODIFIED Running',
    'MODIFIED Terminating',
    'DELETED Terminating',
  ]);
  const namespaces = await lab.execOnNode('controlplane', 'ls', '/run/netns');
  expect(namespaces.stdout.trim().split('\n')).toHaveLength(1);
  await expect(access(join(lab.directory, 'nodes/controlplane/journal/invocations.ndjson'))).resolves.toBeUndefined();
});

type PodEvent = { readonly type: string; readonly object: PodObject };

async function* readEvents(response: Response): AsyncGenerator<PodEvent> {
  let text = '';
  for await (const chunk of (response.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    yield* lines.map((line) => JSON.parse(line) as PodEvent);
  }
}
