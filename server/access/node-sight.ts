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
  /** Next hops behind links that are shown: their MACs are nobody's pod. */
  readonly gateways: ReadonlySet<string>;
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
  const uplinks = findUplinks(topology, rootId);
  const links = Object.entries(topology.links).filter(([, link]) => isLinkSeen(base, link, uplinks));
  const keys = new Set(links.map(([key]) => key));
  const gateways = listGateways(topology, attachments, keys).map(addressText);
  return {
    ...base,
    links: keys,
    rootLinkNames: new Set(links.flatMap(([, { namespaceId, name }]) => (namespaceId === rootId ? [name] : []))),
    addresses: new Set([...listAddresses(topology, { scope, attachments, keys }).map(addressText), ...gateways]),
    gateways: new Set(gateways),
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
function isLinkSeen(ends: Ends, link: Link, uplinks: ReadonlySet<number>): boolean {
  if (ends.podNamespaces.has(link.namespaceId)) return true;
  if (link.namespaceId !== ends.rootId) return false;
  if (ends.hostEnds.has(link.index)) return true;
  return ends.seesNodes && (!leadsAway(link) || uplinks.has(link.index));
}

const leadsAway = ({ kind, peer, tun, namespaceId }: Link): boolean =>
  kind === 'veth' || kind === 'netkit' || tun?.mode === 'tap' ? peer?.namespaceId !== namespaceId : peer !== undefined;

/** RT_TABLE_MAIN, include/uapi/linux/rtnetlink.h */
const MAIN_TABLE = 254;

function findUplinks({ node, routes, addresses, attachments }: NodeTopology, rootId: string | undefined): Set<number> {
  const internalIps = new Set(node.node?.facts?.internalIps);
  const uplinks = new Set<number>();
  for (const { namespaceId, linkIndex, destination, table } of Object.values(routes)) {
    if (namespaceId === rootId && linkIndex !== undefined && destination === 'default' && table === MAIN_TABLE) {
      uplinks.add(linkIndex);
    }
  }
  for (const { namespaceId, linkIndex, prefix } of Object.values(addresses)) {
    if (namespaceId === rootId && internalIps.has(addressText(prefix))) uplinks.add(linkIndex);
  }
  for (const { hostLinkIndex } of Object.values(attachments)) {
    if (hostLinkIndex !== undefined) uplinks.delete(hostLinkIndex);
  }
  return uplinks;
}

type Placed = { readonly namespaceId: string; readonly linkIndex?: number | undefined };

const isOn = ({ namespaceId, linkIndex }: Placed, keys: ReadonlySet<string>): boolean =>
  linkIndex !== undefined && keys.has(`${namespaceId}/${linkIndex}`);

function listGateways(topology: NodeTopology, attachments: readonly Attachment[], keys: ReadonlySet<string>) {
  return [
    ...attachments.flatMap(({ reported }) => reported?.gateways ?? []),
    ...Object.values(topology.routes).flatMap((route) => (isOn(route, keys) ? (route.gateway ?? []) : [])),
  ];
}

/** A pod that ended keeps its address in the API, and another may have it by now. */
const isOver = ({ phase }: NodeTopology['pods'][string]): boolean => phase === 'Succeeded' || phase === 'Failed';

/** Of seen pods, and of links that are shown. */
function listAddresses(
  topology: NodeTopology,
  { scope, attachments, keys }: { scope: Scope; attachments: readonly Attachment[]; keys: ReadonlySet<string> },
): readonly string[] {
  return [
    ...Object.values(topology.pods).flatMap((pod) => (seesPod(scope, pod.key) && !isOver(pod) ? pod.podIps : [])),
    ...attachments.flatMap(({ reported }) => reported?.addresses ?? []),
    ...Object.values(topology.addresses).flatMap((address) => (isOn(address, keys) ? address.prefix : [])),
    ...(scope.seesNodes ? (topology.node.node?.facts?.internalIps ?? []) : []),
  ];
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
