import type { ClusterPod } from '#model/cluster/cluster-facts.ts';
import type { InvocationEvent } from '#model/cni/invocation-event.ts';
import type { Finding } from '#model/findings/finding.ts';
import { KernelSnapshot, type NetworkNamespace } from '#model/kernel/kernel-snapshot.ts';
import { buildInvocation, buildSnapshot, ipOf, macOf, ROOT } from '#model/testing/build-node.ts';

/**
 * A node with pods of two namespaces, and a kernel that names the pods of one wherever a kernel can. Pods 1 to 9 are `mole`'s, whom a
 * test may see; from 77 on they are those of `zebra-payroll`.
 */
export const SEEN = 'mole';
export const HIDDEN = 'zebra-payroll';
export const NODE = 'k8s-node01';
/** A node with pods of the hidden namespace only. */
export const HIDDEN_NODE = 'yak-node';

const isHidden = (pod: number): boolean => pod >= 77;
export const containerOf = (pod: number): string =>
  (isHidden(pod) ? 'feedbeef' : 'ab12cd34').repeat(8).slice(0, 60) + pod;
export const nameOf = (pod: number): string => `${isHidden(pod) ? 'zebra-ledger' : 'digger'}-${pod}`;
export const keyOf = (pod: number): string => `${isHidden(pod) ? HIDDEN : SEEN}/${nameOf(pod)}`;

/** What stands nowhere but where hidden pods are told of. */
export const HIDDEN_WORDS: readonly string[] = [
  'zebra',
  'feedbeef',
  ...[77, 78, 79].flatMap((pod) => [ipOf(pod), macOf(pod), `"${1000 + pod}`, `hidden-event-${pod}`]),
  '10.240.9.88',
  '0a:58:0a:f0:09:58',
];
/** What stands nowhere but where a node is told of itself. */
export const NODE_WORDS: readonly string[] = ['walrus', '172.31.250', 'net.ipv4.ip_forward', 'bridge.ensure-gc'];

export const buildPod = (pod: number, given: Partial<ClusterPod> = {}): ClusterPod => ({
  namespace: isHidden(pod) ? HIDDEN : SEEN,
  name: nameOf(pod),
  uid: `uid-${nameOf(pod)}`,
  nodeName: NODE,
  phase: 'Running',
  status: 'Running',
  message: `${nameOf(pod)} says hello`,
  podIps: [ipOf(pod)],
  hostNetwork: false,
  images: [`registry/${nameOf(pod)}`],
  createdAt: '2026-01-01T00:00:00.000Z',
  ...given,
});

export function buildEvent(verb: 'ADD' | 'DEL', pod: number, given: { id: string; fails?: boolean }): InvocationEvent {
  const event = buildInvocation(verb, pod, { ...given, startedAt: new Date().toISOString() });
  const { data } = event;
  const name = nameOf(pod);
  return {
    ...event,
    subject: keyOf(pod),
    data: {
      ...data,
      env: { ...data.env, containerId: containerOf(pod), netns: `/var/run/netns/cni-${name}` },
      pod: { namespace: isHidden(pod) ? HIDDEN : SEEN, name, uid: `uid-${name}` },
      ...(given.fails && { error: { code: 11, msg: `requested address ${ipOf(pod)} is held by ${containerOf(77)}` } }),
    },
  };
}

/** What a runtime asks of the network: the containers that it knows are named, and what is taken away. */
export function buildGarbageCollection(id: string, pods: readonly number[]): InvocationEvent {
  const event = buildInvocation('DEL', 1, { id, startedAt: new Date().toISOString() });
  const { subject: _subject, data, ...rest } = event;
  const { pod: _pod, netnsId: _netns, ...others } = data;
  const attachments = pods.map((pod) => ({ containerID: containerOf(pod), ifname: 'eth0' }));
  return {
    ...rest,
    data: {
      ...others,
      verb: 'GC',
      env: { path: '/opt/cni/bin' },
      stdin: { bridge: 'cni0', 'cni.dev/valid-attachments': attachments },
      steps: pods.map((pod) => ({
        name: 'bridge.ensure-gc',
        command: `ip link del veth${nameOf(pod)}`,
        object: containerOf(pod),
        ...{ startUs: 0, durationUs: 1, outcome: 'ok' as const },
      })),
    },
  };
}

/** The kernel of the node with these pods plugged in, and all that names them in its root namespace. */
export function buildKernel(pods: readonly number[], sequence: number): KernelSnapshot {
  const snapshot = buildSnapshot(pods, sequence);
  const namespaces = snapshot.namespaces.map((each) => (each.id === ROOT ? fillRoot(each, pods) : fillPod(each, pods)));
  return KernelSnapshot.parse({ ...snapshot, namespaces });
}

const raw = {};
const LINK = { family: 'inet', type: 'unicast', scope: 'link', raw };
const STALE = { family: 'inet', state: 'stale', flags: [], raw };

function fillRoot(root: NetworkNamespace, pods: readonly number[]) {
  return {
    ...root,
    links: root.links.map((link) => {
      const pod = link.index - 10;
      return link.kind === 'veth' ? { ...link, name: `veth${nameOf(pod)}`, raw: { alias: keyOf(pod) } } : link;
    }),
    ...buildRoutes(root, pods),
    neighbours: [
      ...pods.map((pod) => ({ ...STALE, linkIndex: 3, ip: ipOf(pod), mac: macOf(pod) })),
      { ...STALE, linkIndex: 2, ip: '10.240.9.88', mac: '0a:58:0a:f0:09:58' },
    ],
    fdb: pods.flatMap((pod) => [
      { linkIndex: 10 + pod, mac: macOf(pod), masterIndex: 3, state: 'reachable', flags: [], raw },
      { linkIndex: 3, mac: macOf(pod), state: 'static', flags: [], raw },
    ]),
    sysctls: {
      'net.ipv4.ip_forward': '1',
      'net.ipv4.conf.all.rp_filter': '0',
      ...Object.fromEntries(pods.map((pod) => [`net.ipv4.conf.veth${nameOf(pod)}.rp_filter`, '0'])),
    },
    netfilter: buildNetfilter(pods),
  };
}

/** As plugins write them that route to each pod by itself, on its wire or on the node's uplink. */
function buildRoutes(root: NetworkNamespace, pods: readonly number[]) {
  return {
    routes: [
      ...root.routes,
      { ...LINK, linkIndex: 2, table: 254, destination: '172.31.250.0/24', protocol: 'static' },
      ...pods.map((pod) => ({
        ...LINK,
        linkIndex: 10 + pod,
        table: 254,
        destination: `${ipOf(pod)}/32`,
        protocol: 'static',
      })),
      ...pods.map((pod) => ({ ...LINK, linkIndex: 2, table: 100, destination: `${ipOf(pod)}/32`, protocol: 'bgp' })),
    ],
    rules: [
      { family: 'inet', priority: 0, action: 'lookup', table: 255, raw },
      ...pods.flatMap((pod) => [
        { family: 'inet', priority: 512, from: `${ipOf(pod)}/32`, table: 100, action: 'lookup', raw },
        { family: 'inet', priority: 513, inputLink: `veth${nameOf(pod)}`, action: 'lookup', table: 100, raw },
      ]),
    ],
  };
}

/** As kube-proxy, portmap, Calico and others write them. */
function buildNetfilter(pods: readonly number[]) {
  const rules = [
    '-A FORWARD -j PODWIRE-FORWARD',
    '-A PODWIRE-FORWARD -i cni0 -j ACCEPT',
    '-A PODWIRE-FORWARD -s 10.240.0.0/16 -m comment --comment "of walrus" -j ACCEPT',
    ...pods.flatMap((pod) => [
      `-A KUBE-SEP-ABCDEF -s ${ipOf(pod)}/32 -m comment --comment "${keyOf(pod)}:http" -j KUBE-MARK-MASQ`,
      `-A KUBE-SERVICES -d 10.96.0.${pod}/32 -p tcp -m comment --comment "${keyOf(pod)} cluster IP" -m tcp --dport 80 -j KUBE-SVC-${pod}`,
      `-A CNI-HOSTPORT-DNAT -p tcp -m comment --comment "dnat name: \\"podwire\\" id: \\"${containerOf(pod)}\\"" -j CNI-DN-${pod}`,
      `-A FORWARD -o veth${nameOf(pod)} -j DROP`,
      `-A FORWARD -m set --match-set ${nameOf(pod)} src -j DROP`,
      `-A FORWARD -m comment --comment ${nameOf(pod)} -j LOG --log-prefix "${nameOf(pod)} "`,
      `-A FORWARD -m mac --mac-source ${macOf(pod)} -j ACCEPT`,
      `-A cali-tw-${nameOf(pod)} -j ACCEPT`,
    ]),
  ];
  return {
    iptables: [
      {
        family: 'inet',
        backend: 'nf_tables',
        chains: [
          { table: 'filter', chain: 'FORWARD', policy: 'ACCEPT', packets: 0, bytes: 0 },
          ...pods.map((pod) => ({ table: 'filter', chain: `cali-tw-${nameOf(pod)}`, packets: 0, bytes: 0 })),
        ],
        rules: rules.map((text, place) => ({
          ...{ table: 'filter', chain: text.split(' ')[1] ?? '', number: place + 1, text, packets: 0, bytes: 0 },
        })),
      },
    ],
    nft: [
      { chain: { family: 'ip', table: 'filter', name: 'FORWARD', hook: 'forward', policy: 'accept' } },
      ...pods.flatMap((pod) => [
        { chain: { family: 'ip', table: 'kube-proxy', name: `service-X-${keyOf(pod)}/tcp/` } },
        {
          rule: { family: 'ip', table: 'filter', chain: 'FORWARD', comment: keyOf(pod), expr: [{ daddr: ipOf(pod) }] },
        },
        { set: { family: 'ip', table: 'filter', name: nameOf(pod), elem: [ipOf(pod)] } },
      ]),
    ],
    ipsets: [{ name: `set-${nameOf(77)}`, kind: 'hash:ip', entries: pods.map(ipOf) }],
    problems: [`set of ${HIDDEN} cannot be read`],
  };
}

/** A pod knows its neighbours on the bridge. */
function fillPod(namespace: NetworkNamespace, pods: readonly number[]) {
  const own = Number(namespace.id) - 1000;
  return {
    ...namespace,
    names: [`/run/netns/cni-${nameOf(own)}`],
    neighbours: pods.map((pod) => ({
      linkIndex: 2,
      family: 'inet',
      ip: ipOf(pod),
      mac: macOf(pod),
      state: 'stale',
      flags: [],
      raw,
    })),
  };
}

export const buildFinding = (rule: string, word: string): Finding => ({
  id: `${rule}/${word}`,
  rule,
  severity: 'error',
  title: `walrus: ${word} is not as it has to be`,
  evidence: [`route ${word} of walrus`],
  since: '2026-01-01T00:00:00.000Z',
});
