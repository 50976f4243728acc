import type { ClusterNode, ClusterPod } from '../cluster/cluster-facts.ts';
import type { InvocationEvent } from '../cni/invocation-event.ts';
import { KernelSnapshot, Link, type NetworkNamespace } from '../kernel/kernel-snapshot.ts';

/** Records as an agent sends them, for tests of what is made of them. Numbers: pod n has netns 1000+n, veth index 10+n. */

export const ROOT = '900';

const link = (given: Partial<Link> & { readonly index: number; readonly name: string }): Link =>
  Link.parse({ mtuBytes: 1500, flags: ['UP'], operState: 'up', raw: {}, ...given });

const address = (linkIndex: number, prefix: string) =>
  ({ linkIndex, family: 'inet', prefix, scope: 'global', flags: [], raw: {} }) as const;

const route = (destination: string, gateway: string | undefined, linkIndex: number) =>
  ({
    family: 'inet',
    table: 254,
    type: 'unicast',
    destination,
    ...(gateway !== undefined && { gateway }),
    linkIndex,
    protocol: 'static',
    scope: 'global',
    raw: {},
  }) as const;

const emptyTables = { routes: [], rules: [], neighbours: [], fdb: [], sysctls: {} };

/** The kernel of k8s-node01 with the given pods plugged into cni0. */
export function buildSnapshot(pods: readonly number[], sequence = 1, node = 'k8s-node01'): KernelSnapshot {
  const root = {
    ...emptyTables,
    id: ROOT,
    names: [],
    kind: 'root',
    links: [
      link({ index: 1 as Link['index'], name: 'lo', flags: ['LOOPBACK', 'UP'] }),
      link({ index: 2 as Link['index'], name: 'eth0' }),
      link({ index: 3 as Link['index'], name: 'cni0', kind: 'bridge' }),
      ...pods.map((pod) =>
        link({
          index: (10 + pod) as Link['index'],
          name: `veth${pod}`,
          kind: 'veth',
          masterIndex: 3 as Link['index'],
          peer: { index: 2 as Link['index'], namespaceId: `${1000 + pod}` as NetworkNamespace['id'] },
        }),
      ),
    ],
    addresses: [address(2, '192.168.31.163/24'), address(3, '10.240.2.1/24')],
    routes: [
      route('default', '192.168.31.1', 2),
      route('10.240.2.0/24', undefined, 3),
      route('10.240.1.0/24', '192.168.31.162', 2),
    ],
  };
  return KernelSnapshot.parse({
    node,
    bootId: 'boot-1',
    time: '2026-01-01T00:00:00.000Z',
    sequence,
    namespaces: [root, ...pods.map(buildPodNamespace)],
  });
}

export function buildPodNamespace(pod: number): NetworkNamespace {
  const [namespace] = KernelSnapshot.shape.namespaces.parse([
    {
      ...emptyTables,
      id: String(1000 + pod),
      names: [`/run/netns/cni-${pod}`],
      kind: 'pod',
      links: [
        link({ index: 1 as Link['index'], name: 'lo', flags: ['LOOPBACK', 'UP'] }),
        link({
          index: 2 as Link['index'],
          name: 'eth0',
          kind: 'veth',
          mac: macOf(pod),
          peer: { index: (10 + pod) as Link['index'], namespaceId: ROOT as NetworkNamespace['id'] },
        }),
      ],
      addresses: [address(2, `${ipOf(pod)}/24`)],
      routes: [route('default', '10.240.2.1', 2)],
    },
  ]);
  if (namespace === undefined) throw new Error('no namespace was built');
  return namespace;
}

export const ipOf = (pod: number): string => `10.240.2.${pod + 1}`;
export const macOf = (pod: number): string => `0a:58:0a:f0:02:${(pod + 1).toString(16).padStart(2, '0')}`;

export const buildClusterNode = (name: string, podCidr: string): ClusterNode => ({
  name,
  uid: `uid-${name}`,
  internalIps: [],
  podCidrs: [podCidr],
  roles: [],
  ready: { status: 'True' },
});

export const buildClusterPod = (pod: number, given: Partial<ClusterPod> = {}): ClusterPod => ({
  namespace: 'default',
  name: `pod${pod}`,
  uid: `uid-${pod}`,
  nodeName: 'k8s-node01',
  phase: 'Running',
  status: 'Running',
  podIps: [ipOf(pod)],
  hostNetwork: false,
  images: ['busybox'],
  createdAt: '2026-01-01T00:00:00.000Z',
  ...given,
});

/** What the plugin journals for a pod; `id` tells two invocations apart. */
export function buildInvocation(
  verb: 'ADD' | 'DEL',
  pod: number,
  given: { readonly id: string; readonly fails?: boolean; readonly uid?: string; readonly startedAt?: string },
): InvocationEvent {
  const startedAt = given.startedAt ?? '2026-01-01T00:00:00.000000Z';
  const result = {
    cniVersion: '1.1.0',
    interfaces: [
      { name: 'cni0', mac: '0a:58:0a:f0:02:01' },
      { name: `veth${pod}`, mac: '0e:00:00:00:00:01' },
      { name: 'eth0', mac: macOf(pod), mtu: 1500, sandbox: `/var/run/netns/cni-${pod}` },
    ],
    ips: [{ address: `${ipOf(pod)}/24`, gateway: '10.240.2.1', interface: 2 }],
  };
  return {
    specversion: '1.0',
    id: given.id,
    source: '/nodes/k8s-node01/plugin',
    type: 'io.podwire.cni.invocation.v1',
    time: startedAt,
    subject: `default/pod${pod}`,
    datacontenttype: 'application/json',
    data: {
      verb,
      mode: 'bridge',
      network: 'podwire',
      pluginVersion: '0.1.0',
      env: { containerId: `container-${pod}`, ifName: 'eth0', netns: `/var/run/netns/cni-${pod}` },
      netnsId: String(1000 + pod),
      pod: { namespace: 'default', name: `pod${pod}`, uid: given.uid ?? `uid-${pod}` },
      stdin: { bridge: 'cni0' },
      outcome: given.fails ? 'error' : 'ok',
      exitCode: given.fails ? 1 : 0,
      ...(verb === 'ADD' && !given.fails && { result }),
      ...(given.fails && { error: { code: 11, msg: 'no address left in 10.240.2.0/24' } }),
      startedAt,
      durationUs: 12_000,
      steps: [],
    },
  };
}

/** Numbers in [0, 1) that follow from the seed alone: mulberry32. */
export function seedRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
