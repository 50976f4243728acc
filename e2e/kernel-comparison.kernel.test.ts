import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Attachment, NodeTopology } from '#model/topology/topology.ts';
import { createLabPod, deleteLabPod, execInLab, readInLab, readNode } from './call-api.ts';
import type { ComparableKernel } from './comparable-kernel.ts';
import { describeToolKernel, describeToolNetfilter, type RunTool } from './describe-tool-kernel.ts';
import { describeTopologyKernel, describeTopologyNetfilter } from './describe-topology-kernel.ts';
import { listLeftoverMounts, listLeftoverProcesses } from './list-leftovers.ts';
import { type RunningPodwire, startPodwire } from './start-podwire.ts';

/** The whole chain with nothing faked: real server, real lab, real kernel; and iproute2 and iptables as the judges. */

const nodes = ['controlplane', 'k8s-node01'] as const;
const tutorialPods = [
  { name: 'busybox', node: 'k8s-node01' },
  { name: 'nginx1', node: 'k8s-node01' },
  { name: 'nginx2', node: 'controlplane' },
] as const;

/** Kernel, agent and collector need a moment, and a neighbour may come or go between two readings. */
const eventually = { timeout: 20_000, interval: 500 };
const startDeadlineMs = 150_000;
const podsDeadlineMs = 45_000;
const testDeadlineMs = 60_000;

let podwire: RunningPodwire;

beforeAll(async () => {
  podwire = await startPodwire({ hasWeb: false });
  await vi.waitFor(
    async () => {
      const wanted = tutorialPods.map(({ name }) => ({ key: `default/${name}`, status: 'Running', isWired: true }));
      expect((await readPods()).toSorted((a, b) => a.key.localeCompare(b.key))).toEqual(wanted);
    },
    { timeout: podsDeadlineMs, interval: 500 },
  );
}, startDeadlineMs);

afterAll(async () => {
  await podwire?.stop();
});

async function readPods() {
  const topologies = await Promise.all(nodes.map((node) => readNode(podwire.url, node)));
  return topologies.flatMap((topology) =>
    Object.values(topology.pods).map((pod) => ({
      key: pod.key as string,
      status: pod.status,
      isWired: Object.values(topology.attachments).some(
        (attachment) => attachment.pod === pod.key && attachment.hostLinkIndex !== undefined,
      ),
    })),
  );
}

const toolsAt =
  (place: string): RunTool =>
  (...command) =>
    readInLab(podwire.url, place, command);

function findRootNamespace(topology: NodeTopology): NodeTopology['namespaces'][string] {
  const root = Object.values(topology.namespaces).find(({ kind }) => kind === 'root');
  if (root === undefined) throw new Error('the collector names no root namespace');
  return root;
}

function findAttachment(topology: NodeTopology, pod: string): Attachment {
  const attachment = Object.values(topology.attachments).find((candidate) => candidate.pod === pod);
  if (attachment === undefined) throw new Error(`the collector joins no attachment to ${pod}`);
  return attachment;
}

function findPodNamespaceId(topology: NodeTopology, pod: string): string {
  const { namespaceId } = findAttachment(topology, pod);
  if (namespaceId === undefined) throw new Error(`the collector joins no namespace to ${pod}`);
  return namespaceId;
}

const inTime = { timeout: testDeadlineMs };

describe.each(nodes)('in the root namespace of %s', (node) => {
  test(
    'the collector has every link, address, route, rule, neighbour and fdb entry that iproute2 lists, and no other',
    inTime,
    async () => {
      await vi.waitFor(async () => {
        const topology = await readNode(podwire.url, node);
        const judged = await describeToolKernel(toolsAt(`nodes/${node}`));
        expect(judged.links.length).toBeGreaterThan(3);
        expect(judged.fdb.length).toBeGreaterThan(0);
        expect(judged.routes.filter((route) => route.includes('protocol=podwire'))).toHaveLength(1);
        expect(describeTopologyKernel(topology, findRootNamespace(topology).id)).toEqual(judged);
      }, eventually);
    },
  );

  test(
    'chains, policies and rules are those of iptables-save, in their order, and FORWARD drops by default',
    inTime,
    async () => {
      await vi.waitFor(async () => {
        const netfilter = findRootNamespace(await readNode(podwire.url, node)).netfilter;
        const judged = await describeToolNetfilter(toolsAt(`nodes/${node}`));
        expect(judged.chains).toContain('inet filter FORWARD DROP');
        expect(judged.rules.join('\n')).toContain('MASQUERADE');
        expect(netfilter?.problems).toEqual([]);
        expect(describeTopologyNetfilter(netfilter?.iptables ?? [])).toEqual(judged);
      }, eventually);
    },
  );

  test('every sysctl that the collector tells has the value in /proc, and ip_forward is on', inTime, async () => {
    const { sysctls } = findRootNamespace(await readNode(podwire.url, node));
    expect(sysctls['net.ipv4.ip_forward']).toBe('1');
    const paths = Object.keys(sysctls).map((name) => `/proc/sys/${name.replaceAll('.', '/')}`);
    const values = await readInLab(podwire.url, `nodes/${node}`, ['sh', '-c', `cat ${paths.join(' ')}`]);
    expect(Object.values(sysctls)).toEqual(values.trimEnd().replaceAll('\t', ' ').split('\n'));
  });

  test('the namespace number is that of the node itself', inTime, async () => {
    const shown = await readInLab(podwire.url, `nodes/${node}`, ['readlink', '/proc/self/ns/net']);
    expect(shown.trim()).toBe(`net:[${findRootNamespace(await readNode(podwire.url, node)).id}]`);
  });
});

describe.each(tutorialPods)('in the namespace of pod $name', ({ name, node }) => {
  test('the collector has exactly what iproute2 lists', inTime, async () => {
    await vi.waitFor(async () => {
      const topology = await readNode(podwire.url, node);
      const namespace = topology.namespaces[findPodNamespaceId(topology, `default/${name}`)];
      const enter = ['nsenter', `--net=${namespace?.names[0]}`, '--'];
      const judged = await describeToolKernel((...command) => toolsAt(`nodes/${node}`)(...enter, ...command));
      expect(judged.links.length).toBeGreaterThan(1);
      expect(describeTopologyKernel(topology, namespace?.id ?? '')).toEqual(judged);
    }, eventually);
  });

  test('the wire ends where the kernel says: each end of the veth names the other', inTime, async () => {
    const topology = await readNode(podwire.url, node);
    const attachment = findAttachment(topology, `default/${name}`);
    const root = findRootNamespace(topology);
    const links = Object.values(topology.links);
    const hostVeth = links.find((link) => link.namespaceId === root.id && link.index === attachment.hostLinkIndex);
    const podVeth = links.find(
      (link) => link.namespaceId === attachment.namespaceId && link.index === attachment.podLinkIndex,
    );
    expect(hostVeth?.peer).toEqual({ index: podVeth?.index, namespaceId: attachment.namespaceId });
    expect(podVeth?.peer).toEqual({ index: hostVeth?.index, namespaceId: root.id });
    const seenInPod = await readInLab(podwire.url, `pods/default/${name}`, ['cat', '/sys/class/net/eth0/iflink']);
    expect(Number(seenInPod)).toBe(attachment.hostLinkIndex);
    expect(attachment).toMatchObject({
      isInferred: false,
      evidence: expect.arrayContaining(['cni-event', 'netns-inode']),
    });
  });
});

describe('a packet of busybox', () => {
  const readPodIp = async (pod: string, node: string): Promise<string> =>
    (await readNode(podwire.url, node)).pods[`default/${pod}`]?.podIps[0] ?? '';

  test.each([
    ['nginx1', 'k8s-node01', 'the same node'],
    ['nginx2', 'controlplane', 'the other node'],
  ])('fetches the page of %s on %s, %s', inTime, async (pod, node) => {
    const ip = await readPodIp(pod, node);
    const page = await execInLab(podwire.url, 'pods/default/busybox', ['wget', '-q', '-O', '-', `http://${ip}/`]);
    expect(page).toMatchObject({ exitCode: 0, stderr: '' });
    expect(page.stdout).toContain(`default/${pod} on node ${node} answers at ${ip}`);
  });

  test('reaches 8.8.8.8 of the internet, which knows no way back to a pod address', inTime, async () => {
    const ping = await execInLab(podwire.url, 'pods/default/busybox', ['ping', '-c', '1', '-W', '3', '8.8.8.8']);
    expect(ping.stdout).toMatch(/ 0% packet loss/);
    expect(ping.exitCode).toBe(0);
  });
});

describe('a pod that is created and deleted', () => {
  const pod = { name: 'short-lived', node: 'k8s-node01', image: 'busybox' } as const;
  const key = `default/${pod.name}`;

  test('comes into topology and kernel, and leaves both', inTime, async () => {
    // The kernel adds the local route of an IPv6 address once duplicate address detection is over (RFC 4862).
    const runOnNode = toolsAt(`nodes/${pod.node}`);
    await vi.waitFor(
      async () => expect(await runOnNode('ip', '-6', 'address', 'show', 'tentative')).toBe(''),
      eventually,
    );
    const before = await describeToolKernel(runOnNode);
    await createLabPod(podwire.url, pod);
    const attachment = await vi.waitFor(async () => {
      const topology = await readNode(podwire.url, pod.node);
      expect(topology.pods[key]?.status).toBe('Running');
      const wired = findAttachment(topology, key);
      expect(wired.hostLinkIndex).toBeGreaterThan(0);
      return wired;
    }, eventually);
    const withPod = await describeToolKernel(runOnNode);
    const hostVeth = withPod.links.find((link) => link.startsWith(`index=${attachment.hostLinkIndex} `))?.split(' ')[1];
    expect(hostVeth).toMatch(/^name=veth/);
    const traces = (kernel: ComparableKernel): readonly string[] =>
      Object.values(kernel)
        .flat()
        .filter((line) => line.includes(hostVeth?.slice('name='.length) ?? ''));
    expect(traces(withPod).length).toBeGreaterThan(1);

    await deleteLabPod(podwire.url, pod.name);
    await vi.waitFor(async () => {
      const topology = await readNode(podwire.url, pod.node);
      expect(topology.pods[key]).toBeUndefined();
      expect(Object.values(topology.attachments).filter((candidate) => candidate.pod === key)).toEqual([]);
      expect(topology.namespaces[attachment.namespaceId ?? '']).toBeUndefined();
      const after = await describeToolKernel(runOnNode);
      expect(after.links).toEqual(before.links);
      expect(after.routes).toEqual(before.routes);
      expect(traces(after)).toEqual([]);
      expect(traces(describeTopologyKernel(topology, findRootNamespace(topology).id))).toEqual([]);
      expect(describeTopologyKernel(topology, findRootNamespace(topology).id).links).toEqual(after.links);
    }, eventually);
  });
});

describe('a server that is killed', () => {
  test('leaves no process, no network namespace and no mount', inTime, async () => {
    const topologies = await Promise.all(nodes.map((node) => readNode(podwire.url, node)));
    const namespaceIds = new Set(topologies.flatMap((topology) => Object.keys(topology.namespaces)));
    expect(namespaceIds.size).toBe(nodes.length + tutorialPods.length);
    expect(listLeftoverProcesses(podwire.dataDirectory, namespaceIds).length).toBeGreaterThan(nodes.length);

    process.kill(podwire.pid, 'SIGKILL');
    await vi.waitFor(() => {
      expect(listLeftoverProcesses(podwire.dataDirectory, namespaceIds)).toEqual([]);
      expect(listLeftoverMounts(namespaceIds)).toEqual([]);
    }, eventually);
  });
});
