import type { ClusterPod } from '../cluster/cluster-facts.ts';
import type { KernelSnapshot, Link, NetworkNamespace } from '../kernel/kernel-snapshot.ts';
import { addressText, findHostEnd } from './find-host-end.ts';
import type { ActiveAdd } from './fold-invocation.ts';
import { type Attachment, type Evidence, PodKey } from './topology.ts';

export type AttachmentMatch = {
  readonly attachments: readonly Attachment[];
  /** Joins that could not be made honestly: two candidates, or none. */
  readonly problems: readonly string[];
};

type Inputs = {
  readonly pods: readonly ClusterPod[];
  readonly snapshot: KernelSnapshot | undefined;
  readonly active: ReadonlyMap<string, ActiveAdd>;
};

export const podKeyOf = (pod: Pick<ClusterPod, 'namespace' | 'name'>): PodKey =>
  PodKey.parse(`${pod.namespace}/${pod.name}`);

/**
 * Which pod owns which interface, and how we know: strongest evidence first (CNI event, namespace inode, MAC, IP).
 * A pod interface that no CNI event names is joined by IP alone and marked inferred; where two pods or two
 * interfaces fit, nothing is joined and the candidates are named.
 */
export function matchAttachments(inputs: Inputs): AttachmentMatch {
  const namespaces = inputs.snapshot?.namespaces ?? [];
  const root = namespaces.find((each) => each.kind === 'root');
  const podIps = new Map(inputs.pods.map((pod) => [podKeyOf(pod), pod.podIps]));
  const byEvent = [...keepStanding(inputs)].map(([id, { add, namespace }]) =>
    matchActiveAdd({ id, add, namespace, root, podIps }),
  );
  const wired = new Set(byEvent.map((each) => `${each.namespaceId}/${each.podLinkIndex}`));
  const owners = new Map(
    byEvent.flatMap((each) => (each.namespaceId && each.pod ? [[each.namespaceId as string, each.pod] as const] : [])),
  );
  const problems: string[] = [];
  const byIp: Attachment[] = [];
  for (const namespace of namespaces) {
    if (namespace.kind !== 'pod') continue;
    const owner = owners.get(namespace.id);
    for (const link of namespace.links) {
      if (link.flags.includes('LOOPBACK') || wired.has(`${namespace.id}/${link.index}`)) continue;
      byIp.push(inferAttachment({ namespace, link, root, pods: inputs.pods, owner, problems }));
    }
  }
  return { attachments: [...byEvent, ...dropSharedPods(byIp, problems)], problems };
}

type Standing = { readonly add: ActiveAdd; readonly namespace: NetworkNamespace | undefined };

/**
 * The ADDs that still mean something. A node that went down never says DEL: such an ADD is left out once the kernel is read
 * and has no namespace of it, unless its pod is there and waits for it. Of several that claim one interface, for inodes are
 * given again, the newest stands.
 */
function keepStanding({ active, pods, snapshot }: Inputs): ReadonlyMap<string, Standing> {
  const uids = new Map(pods.map((pod) => [podKeyOf(pod), pod.uid]));
  const newestFirst = [...active].sort(([, a], [, b]) => (a.summary.startedAt < b.summary.startedAt ? 1 : -1));
  const index = indexNamespaces(snapshot?.namespaces ?? []);
  const claimed = new Set<string>();
  const standing: [string, Standing][] = [];
  for (const [id, add] of newestFirst) {
    const ifName = add.summary.ifName ?? '';
    const namespace = findNamespace(index, add);
    const pod = add.summary.pod;
    const uid = pod === undefined ? undefined : uids.get(pod);
    const isWaiting = snapshot === undefined || (uid !== undefined && (add.podUid === undefined || add.podUid === uid));
    const byPod = `pod ${pod ?? id} ${ifName}`;
    const claim = namespace === undefined ? byPod : `netns ${namespace.id} ${ifName}`;
    if ((namespace === undefined && !isWaiting) || claimed.has(claim)) continue;
    claimed.add(claim).add(byPod);
    standing.push([id, { add, namespace }]);
  }
  return new Map(standing.reverse());
}

/** The namespaces that may be a pod's, by what an ADD can name; of several of one name the first. */
type NamespaceIndex = {
  readonly byId: ReadonlyMap<string, NetworkNamespace>;
  readonly byName: ReadonlyMap<string, NetworkNamespace>;
  readonly byMac: ReadonlyMap<string, NetworkNamespace>;
};

function indexNamespaces(namespaces: readonly NetworkNamespace[]): NamespaceIndex {
  const index = { byId: new Map(), byName: new Map(), byMac: new Map() } as const;
  for (const namespace of namespaces.filter((each) => each.kind !== 'root').reverse()) {
    index.byId.set(namespace.id, namespace);
    for (const path of namespace.names) index.byName.set(path.split('/').at(-1) ?? '', namespace);
    for (const { mac } of namespace.links) if (mac !== undefined) index.byMac.set(mac, namespace);
  }
  return index;
}

/** By path or inode, else by the MAC that the ADD gave. */
function findNamespace(index: NamespaceIndex, add: ActiveAdd): NetworkNamespace | undefined {
  const { netnsId } = add.summary;
  const named = netnsId === undefined ? index.byName.get(nameOf(add) ?? '') : index.byId.get(netnsId);
  if (named !== undefined && isNamedBy(named, add)) return named;
  return add.reported.podMac === undefined ? undefined : index.byMac.get(add.reported.podMac);
}

/** The last part of CNI_NETNS. */
const nameOf = (add: ActiveAdd): string | undefined => add.netnsPath?.split('/').at(-1);

function matchActiveAdd(given: {
  readonly id: string;
  readonly add: ActiveAdd;
  readonly namespace: NetworkNamespace | undefined;
  readonly root: NetworkNamespace | undefined;
  readonly podIps: ReadonlyMap<PodKey, readonly string[]>;
}): Attachment {
  const { id, add, namespace, root } = given;
  const { summary, reported } = add;
  const ifName = summary.ifName ?? 'eth0';
  const link = namespace?.links.find((each) => each.name === ifName);
  const host = namespace && link && root ? findHostEnd({ namespace, link, root }) : undefined;
  return {
    id,
    ...(summary.pod !== undefined && { pod: summary.pod }),
    ...(summary.containerId !== undefined && { containerId: summary.containerId }),
    ifName,
    ...(namespace !== undefined && { namespaceId: namespace.id }),
    ...(link !== undefined && { podLinkIndex: link.index }),
    ...host,
    evidence: listEvidence(given, namespace, link),
    isInferred: false,
    reported: { ...reported },
    addEventId: summary.id,
  };
}

/**
 * The event's namespace by inode, and by the name of the path where both are known: the kernel gives an inode number again
 * soon after its namespace has gone. Runtimes say /var/run where the agent reads /run, so only the last part counts.
 */
function isNamedBy(namespace: NetworkNamespace, add: ActiveAdd): boolean {
  const name = nameOf(add);
  const isBound = namespace.names.some((path) => path.split('/').at(-1) === name);
  if (add.summary.netnsId === undefined) return isBound;
  return namespace.id === add.summary.netnsId && (name === undefined || namespace.names.length === 0 || isBound);
}

const hasReportedMac = (link: Link, add: ActiveAdd): boolean =>
  add.reported.podMac !== undefined && link.mac === add.reported.podMac;

function listEvidence(
  given: { readonly add: ActiveAdd; readonly podIps: ReadonlyMap<PodKey, readonly string[]> },
  namespace: NetworkNamespace | undefined,
  link: Link | undefined,
): Evidence[] {
  const { add, podIps } = given;
  const evidence: Evidence[] = [];
  if (add.summary.pod !== undefined) evidence.push('cni-event');
  if (namespace === undefined || link === undefined) return evidence;
  if (namespace.id === add.summary.netnsId) evidence.push('netns-inode');
  if (hasReportedMac(link, add)) evidence.push('mac');
  const expected = new Set([
    ...add.reported.addresses.map(addressText),
    ...((add.summary.pod && podIps.get(add.summary.pod)) ?? []),
  ]);
  if (listAddresses(namespace, link).some((ip) => expected.has(ip))) evidence.push('ip');
  return evidence;
}

const listAddresses = (namespace: NetworkNamespace, link: Link): readonly string[] =>
  namespace.addresses.filter((each) => each.linkIndex === link.index).map((each) => addressText(each.prefix));

function inferAttachment(given: {
  readonly namespace: NetworkNamespace;
  readonly link: Link;
  readonly root: NetworkNamespace | undefined;
  readonly pods: readonly ClusterPod[];
  readonly owner: PodKey | undefined;
  readonly problems: string[];
}): Attachment {
  const { namespace, link, root, problems } = given;
  const ips = new Set(listAddresses(namespace, link));
  const candidates = given.pods.filter((pod) => !pod.hostNetwork && pod.podIps.some((ip) => ips.has(ip)));
  const only = candidates.length === 1 ? candidates[0] : undefined;
  if (candidates.length > 1) {
    const names = candidates.map(podKeyOf).join(' and ');
    problems.push(`Namespace ${namespace.id} ${link.name}: the address fits ${names}, so it is joined to neither.`);
  }
  // Another interface of this namespace is known from a CNI event: the namespace inode tells the pod.
  const byNamespace = given.owner === undefined ? {} : { pod: given.owner };
  return {
    id: `${namespace.id}/${link.name}`,
    ...(only === undefined ? byNamespace : { pod: podKeyOf(only) }),
    ifName: link.name,
    namespaceId: namespace.id,
    podLinkIndex: link.index,
    ...(root && findHostEnd({ namespace, link, root })),
    evidence: only !== undefined ? ['ip'] : given.owner === undefined ? [] : ['netns-inode'],
    isInferred: only !== undefined,
  };
}

/** One pod inferred for interfaces of several namespaces: none of them gets it. */
function dropSharedPods(attachments: readonly Attachment[], problems: string[]): readonly Attachment[] {
  const namespacesOf = Map.groupBy(
    attachments.filter((each) => each.isInferred),
    (each) => each.pod,
  );
  const shared = new Set<PodKey>();
  for (const [pod, claims] of namespacesOf) {
    const ids = new Set(claims.map((each) => each.namespaceId));
    if (pod === undefined || ids.size < 2) continue;
    shared.add(pod);
    problems.push(
      `Pod ${pod}: its address stands in the namespaces ${[...ids].join(' and ')}, so it is joined to neither.`,
    );
  }
  return attachments.map((each) => {
    if (!each.isInferred || each.pod === undefined || !shared.has(each.pod)) return each;
    const { pod: _pod, ...rest } = each;
    return { ...rest, evidence: [], isInferred: false };
  });
}
