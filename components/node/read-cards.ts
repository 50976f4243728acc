import type { NetnsId } from '#model/kernel/kernel-snapshot.ts';
import type { Attachment, NodeTopology, TopologyPod } from '#model/topology/topology.ts';
import { explainWaiting } from '../pod/explain-no-wire.ts';
import { describePod, type WireKnowledge } from './describe-pod.ts';
import type { SceneCard, SceneLink } from './node-scene.ts';

export type CardReading = {
  readonly card: SceneCard;
  readonly bridgeIndex: number | undefined;
  /** Where the card hangs if not on a bridge; `expected`: on the bridge that pods of this node get. */
  readonly place: 'bridge' | 'expected' | 'routed' | 'direct' | 'waiting' | 'host-network';
};

type Links = ReadonlyMap<number, SceneLink>;

/** Every pod interface, pod without interface, and port of a bridge that is no pod's, in the order of their coming. */
export function readCards(topology: NodeTopology, rootId: NetnsId | undefined, links: Links): readonly CardReading[] {
  const attachments = Object.values(topology.attachments).sort((a, b) => compareText(a.ifName, b.ifName));
  const pods = Object.values(topology.pods).sort(
    (a, b) => compareText(a.createdAt, b.createdAt) || compareText(a.key, b.key),
  );
  const podCards = pods.flatMap((pod) => {
    const own = attachments.filter((attachment) => attachment.pod === pod.key);
    return own.length === 0
      ? [readUnwiredCard(topology, pod)]
      : own.map((attachment, place) => readWiredCard({ topology, links, pod, attachment, place }));
  });
  const strangers = attachments
    .filter((attachment) => attachment.pod === undefined || topology.pods[attachment.pod] === undefined)
    .map((attachment) => readStrangerCard(topology, links, attachment));
  const taken = new Set(attachments.map((attachment) => attachment.hostLinkIndex as number | undefined));
  const ports = Object.values(topology.links)
    .filter((link) => link.namespaceId === rootId && link.masterIndex !== undefined && !taken.has(link.index))
    .sort((a, b) => a.index - b.index)
    .flatMap((link) => readPortCard(links.get(link.index), link.masterIndex));
  return [...podCards, ...strangers, ...ports];
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

type WiredPod = {
  readonly topology: NodeTopology;
  readonly links: Links;
  readonly pod: TopologyPod;
  readonly attachment: Attachment;
  readonly place: number;
};

function readWiredCard({ topology, links, pod, attachment, place }: WiredPod): CardReading {
  const hostLink = attachment.hostLinkIndex === undefined ? undefined : links.get(attachment.hostLinkIndex);
  const wire = readWire(topology, attachment, hostLink);
  const selection = `pod:${pod.key}`;
  return {
    card: {
      ...describePod(pod, wire),
      ...readPodEnd(topology, attachment),
      id: place === 0 ? selection : `${selection}/${attachment.ifName}`,
      selection,
      pod: pod.key,
      title: pod.name,
      subtitle: pod.namespace,
      hostLink,
      isInferred: attachment.isInferred,
    },
    ...findPlace(attachment, hostLink),
  };
}

function readWire(topology: NodeTopology, attachment: Attachment, hostLink: SceneLink | undefined): WireKnowledge {
  const isSeen = hostLink !== undefined || attachment.podLinkIndex !== undefined;
  if (isSeen) {
    return hostLink === undefined || hostLink.isUp ? 'seen' : 'down';
  }
  return isKernelRead(topology) ? 'reported' : 'unread';
}

const isKernelRead = (topology: NodeTopology): boolean =>
  Object.values(topology.namespaces).some((namespace) => namespace.kind === 'root');

function findPlace(attachment: Attachment, hostLink: SceneLink | undefined): Omit<CardReading, 'card'> {
  if (attachment.bridgeIndex !== undefined) {
    return { bridgeIndex: attachment.bridgeIndex, place: 'bridge' };
  }
  const isUnseen = hostLink === undefined && attachment.podLinkIndex === undefined;
  return { bridgeIndex: undefined, place: isUnseen ? 'expected' : hostLink === undefined ? 'direct' : 'routed' };
}

function readPodEnd(topology: NodeTopology, attachment: Attachment): Pick<SceneCard, 'ifName' | 'ip' | 'mac'> {
  const isOwn = (record: { readonly namespaceId: string; readonly linkIndex: number }): boolean =>
    record.namespaceId === attachment.namespaceId && record.linkIndex === attachment.podLinkIndex;
  const addresses = Object.values(topology.addresses).filter((address) => isOwn(address) && address.scope === 'global');
  const address = addresses.find((candidate) => candidate.family === 'inet') ?? addresses[0];
  const link = topology.links[`${attachment.namespaceId}/${attachment.podLinkIndex}`];
  return { ifName: attachment.ifName, ip: address?.prefix.split('/')[0], mac: link?.mac };
}

function readUnwiredCard(topology: NodeTopology, pod: TopologyPod): CardReading {
  const description = describePod(pod, isKernelRead(topology) ? 'absent' : 'unread');
  const selection = `pod:${pod.key}`;
  const isWaiting = description.state === 'creating' && pod.lastAdd === undefined;
  const isExpected = ['failing', 'creating', 'terminating', 'unknown'].includes(description.state);
  return {
    card: {
      ...description,
      reason: description.reason ?? (isWaiting ? explainWaiting(topology.node.node) : undefined),
      id: selection,
      selection,
      pod: pod.key,
      title: pod.name,
      subtitle: pod.namespace,
      ifName: undefined,
      ip: pod.hostNetwork ? pod.podIps[0] : undefined,
      mac: undefined,
      hostLink: undefined,
      isInferred: false,
    },
    bridgeIndex: undefined,
    place: pod.hostNetwork ? 'host-network' : isExpected ? 'expected' : 'waiting',
  };
}

/** A wired namespace that Kubernetes does not speak of: on its way in or out, or somebody else's container. */
function readStrangerCard(topology: NodeTopology, links: Links, attachment: Attachment): CardReading {
  const hostLink = attachment.hostLinkIndex === undefined ? undefined : links.get(attachment.hostLinkIndex);
  const pod = attachment.pod?.split('/');
  const namespace = attachment.namespaceId === undefined ? 'no namespace' : `net:[${attachment.namespaceId}]`;
  return {
    card: {
      ...readPodEnd(topology, attachment),
      id: `attachment:${attachment.id}`,
      selection: attachment.pod === undefined ? `attachment:${attachment.id}` : `pod:${attachment.pod}`,
      pod: attachment.pod,
      title: pod?.[1] ?? attachment.containerId?.slice(0, 12) ?? 'unknown',
      subtitle: pod?.[0] ?? namespace,
      state: 'unknown',
      tone: 'unknown',
      status: 'not in Kubernetes',
      reason: undefined,
      hostLink,
      isInferred: attachment.isInferred,
    },
    ...findPlace(attachment, hostLink),
  };
}

function readPortCard(link: SceneLink | undefined, bridgeIndex: number | undefined): readonly CardReading[] {
  if (link === undefined || bridgeIndex === undefined) {
    return [];
  }
  const card: SceneCard = {
    id: `port:${link.key}`,
    selection: `link:${link.key}`,
    pod: undefined,
    title: link.name,
    subtitle: link.kind ?? 'device',
    ifName: undefined,
    ip: link.addresses[0],
    mac: link.mac,
    state: 'port',
    tone: link.isUp ? 'quiet' : 'warning',
    status: `port, ${link.operState}, no pod known`,
    reason: undefined,
    hostLink: link,
    isInferred: false,
  };
  return [{ card, bridgeIndex, place: 'bridge' }];
}
