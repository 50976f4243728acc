import { addressText } from '#model/topology/find-host-end.ts';
import type { Attachment, NodeTopology } from '#model/topology/topology.ts';
import type { Scope } from '../auth/scope.ts';
import { seesPod } from './sees-owner.ts';

/** What of a node belongs to pods that somebody may see, or with `seesNodes` to the node itself. */
export type NodeSight = {
  readonly seesNodes: boolean;
  readonly rootId: string | undefined;
  readonly attachments: readonly Attachment[];
  /** Network namespaces that are a seen pod's alone. */
  readonly podNamespaces: ReadonlySet<string>;
  /** Host ends of seen pods, by index. */
  readonly hostEnds: ReadonlySet<number>;
  /** Bridges that seen pods are plugged into, by index. */
  readonly bridges: ReadonlySet<number>;
  /** Keys of links that are shown whole. */
  readonly links: ReadonlySet<string>;
  /** Of those in the root namespace: a pod's have the same names. */
  readonly rootLinkNames: ReadonlySet<string>;
  readonly addresses: ReadonlySet<string>;
  readonly macs: ReadonlySet<string>;
};

/**
 * What may be seen of a node. It is a list of what is known to be theirs, never of what is known to be somebody else's: what
 * nobody can place is not shown.
 */
export function findNodeSight(topology: NodeTopology, scope: Scope): NodeSight {
  const rootId = Object.values(topology.namespaces).find(({ kind }) => kind === 'root')?.id;
  const attachments = Object.values(topology.attachments).filter(({ pod }) => pod !== undefined && seesPod(scope, pod));
  const owned = Object.values(topology.namespaces).filter(
    ({ pod, kind }) => kind !== 'root' && pod !== undefined && seesPod(scope, pod),
  );
  const base = {
    seesNodes: scope.seesNodes,
    rootId,
    attachments,
    podNamespaces: new Set<string>(owned.map(({ id }) => id)),
    hostEnds: new Set<number>(attachments.flatMap((each) => each.hostLinkIndex ?? [])),
    bridges: new Set<number>(attachments.flatMap((each) => each.bridgeIndex ?? [])),
  };
  const links = Object.entries(topology.links).filter(([, link]) => isLinkSeen(topology, base, link));
  const keys = new Set(links.map(([key]) => key));
  return {
    ...base,
    links: keys,
    rootLinkNames: new Set(links.flatMap(([, { namespaceId, name }]) => (namespaceId === rootId ? [name] : []))),
    addresses: new Set(listAddresses(topology, { scope, attachments, keys })),
    macs: new Set([
      ...links.flatMap(([, { mac }]) => mac ?? []),
      ...attachments.flatMap(({ reported }) => reported?.podMac ?? []),
    ]),
  };
}

type Link = NodeTopology['links'][string];
type Ends = Pick<NodeSight, 'seesNodes' | 'rootId' | 'podNamespaces' | 'hostEnds'>;

/**
 * Links of the root namespace are the node's own unless they are the end of a wire into another namespace. A node that is a
 * container itself has such a wire as its uplink: the default route, or its InternalIP, tells it from a pod's.
 */
function isLinkSeen(topology: NodeTopology, ends: Ends, link: Link): boolean {
  if (ends.podNamespaces.has(link.namespaceId)) return true;
  if (link.namespaceId !== ends.rootId) return false;
  if (ends.hostEnds.has(link.index)) return true;
  if (!ends.seesNodes) return false;
  return !leadsAway(link) || isUplink(topology, link);
}

const leadsAway = ({ kind, peer, tun, namespaceId }: Link): boolean =>
  kind === 'veth' || kind === 'netkit' || tun?.mode === 'tap' ? peer?.namespaceId !== namespaceId : peer !== undefined;

function isUplink({ node, routes, addresses, attachments }: NodeTopology, link: Link): boolean {
  if (Object.values(attachments).some(({ hostLinkIndex }) => hostLinkIndex === link.index)) return false;
  const isHere = (record: { namespaceId: string; linkIndex?: number | undefined }) =>
    record.namespaceId === link.namespaceId && record.linkIndex === link.index;
  const internalIps = node.node?.facts?.internalIps ?? [];
  return (
    Object.values(routes).some((route) => isHere(route) && route.destination === 'default' && route.table === 254) ||
    Object.values(addresses).some((address) => isHere(address) && internalIps.includes(addressText(address.prefix)))
  );
}

/** Of seen pods, of links that are shown, and of the next hops behind those. */
function listAddresses(
  topology: NodeTopology,
  { scope, attachments, keys }: { scope: Scope; attachments: readonly Attachment[]; keys: ReadonlySet<string> },
): readonly string[] {
  const isOn = ({ namespaceId, linkIndex }: { namespaceId: string; linkIndex?: number | undefined }) =>
    linkIndex !== undefined && keys.has(`${namespaceId}/${linkIndex}`);
  const pods = Object.values(topology.pods).filter(({ key }) => seesPod(scope, key));
  return [
    ...pods.flatMap(({ podIps }) => podIps),
    ...attachments.flatMap(({ reported }) => [...(reported?.addresses ?? []), ...(reported?.gateways ?? [])]),
    ...Object.values(topology.addresses)
      .filter(isOn)
      .map(({ prefix }) => prefix),
    ...Object.values(topology.routes)
      .filter(isOn)
      .flatMap(({ gateway }) => gateway ?? []),
    ...(scope.seesNodes ? (topology.node.node?.facts?.internalIps ?? []) : []),
  ].map(addressText);
}

const ADDRESS = /\d{1,3}(?:\.\d{1,3}){3}(?:\/\d+)?|[0-9a-f]*:[0-9a-f:]*:[0-9a-f:.]*(?:\/\d+)?/gi;

/** Addresses in a text: IPv4, IPv6, and MACs, which look like the latter. */
export const findAddresses = (text: string): readonly string[] => text.match(ADDRESS) ?? [];

/** True where a text has no address but networks and known ones. */
export const namesOnlyKnown = (sight: Pick<NodeSight, 'addresses'>, text: string): boolean =>
  findAddresses(text).every((prefix) => isAddressKnown(sight, prefix));

/** True for one address that is known, and for a network of several: networks are the node's. */
export function isAddressKnown({ addresses }: Pick<NodeSight, 'addresses'>, prefix: string): boolean {
  const [address = '', length] = prefix.split('/');
  const isOne = length === undefined || length === (address.includes(':') ? '128' : '32');
  return !isOne || addresses.has(address) || /^127\.|^::1?$|^0\.0\.0\.0$/.test(address);
}
