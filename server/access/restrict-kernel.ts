import type { NodeTopology } from '#model/topology/topology.ts';
import { isAddressKnown, type NodeSight } from './node-sight.ts';

type Kernel = Pick<NodeTopology, 'links' | 'addresses' | 'routes' | 'rules' | 'neighbours' | 'fdb'>;
type Placed = { readonly namespaceId: string; readonly linkIndex?: number | undefined };

/** The kernel's records that are a seen pod's, or the node's own where nodes may be seen. */
export function restrictKernel(topology: NodeTopology, sight: NodeSight): Kernel {
  const isOn = ({ namespaceId, linkIndex }: Placed): boolean =>
    linkIndex !== undefined && sight.links.has(`${namespaceId}/${linkIndex}`);
  const isOfPod = ({ namespaceId }: Placed): boolean => sight.podNamespaces.has(namespaceId);
  const isOfRoot = ({ namespaceId }: Placed): boolean => namespaceId === sight.rootId;
  return {
    links: restrictLinks(topology.links, sight),
    addresses: pick(topology.addresses, (address) => isOn(address)),
    routes: pick(
      topology.routes,
      (route) => isOfPod(route) || (isOfRoot(route) && isRootRouteSeen(route, { sight, isOn })),
    ),
    rules: pick(
      topology.rules,
      (rule) => isOfPod(rule) || (sight.seesNodes && isOfRoot(rule) && isRuleSeen(rule, sight)),
    ),
    // A pod's own table names its neighbours on the bridge.
    neighbours: pick(topology.neighbours, (each) => isOn(each) && isNeighbourSeen(each, sight)),
    fdb: pick(topology.fdb, (entry) => isOn(entry) && (sight.macs.has(entry.mac) || isGroup(entry.mac))),
  };
}

/** Records that stay keep their identity, so that a diff of two restrictions is cheap. */
function pick<T>(records: Readonly<Record<string, T>>, isSeen: (record: T) => boolean): Record<string, T> {
  return Object.fromEntries(Object.entries(records).filter(([, record]) => isSeen(record)));
}

function restrictLinks(links: Kernel['links'], sight: NodeSight): Kernel['links'] {
  const seen: Kernel['links'] = {};
  for (const [key, link] of Object.entries(links)) {
    if (sight.links.has(key)) seen[key] = link;
    else if (link.namespaceId === sight.rootId && sight.bridges.has(link.index)) seen[key] = nameBridge(link);
  }
  return seen;
}

const named = new WeakMap<Kernel['links'][string], Kernel['links'][string]>();

/** Where a pod is plugged in, for who may not see nodes: no more than its name and that it is up. */
function nameBridge(link: Kernel['links'][string]): Kernel['links'][string] {
  const known = named.get(link);
  if (known !== undefined) return known;
  const { namespaceId, index, name, kind, mtuBytes, flags, operState } = link;
  const bridge = { namespaceId, index, name, ...(kind && { kind }), mtuBytes, flags, operState, raw: {} };
  named.set(link, bridge);
  return bridge;
}

/** Multicast and broadcast: the lowest bit of the first byte, IEEE 802. */
const isGroup = (mac: string): boolean => (Number.parseInt(mac.slice(0, 2), 16) & 1) === 1;

/** Types that the kernel makes for the addresses of a link. */
const OF_THE_LINK = new Set(['local', 'broadcast', 'anycast', 'multicast']);

function isRootRouteSeen(
  route: Kernel['routes'][string],
  { sight, isOn }: { readonly sight: NodeSight; readonly isOn: (placed: Placed) => boolean },
): boolean {
  const { namespaceId, linkIndex, nextHops, destination, type, preferredSource } = route;
  const hops = nextHops?.map((hop) => hop.linkIndex) ?? (linkIndex === undefined ? [] : [linkIndex]);
  // Blackholes lead over no link: they are the node's where they are for a network.
  if (hops.length === 0 && !sight.seesNodes) return false;
  if (!hops.every((index) => isOn({ namespaceId, linkIndex: index }))) return false;
  if (preferredSource !== undefined && !isAddressKnown(sight, preferredSource)) return false;
  return destination === 'default' || OF_THE_LINK.has(type) || isAddressKnown(sight, destination);
}

function isNeighbourSeen({ ip, mac }: Kernel['neighbours'][string], sight: NodeSight): boolean {
  if (!isAddressKnown(sight, ip)) return false;
  return mac === undefined || sight.macs.has(mac) || isGroup(mac) || sight.gateways.has(ip);
}

function isRuleSeen({ from, to, inputLink, outputLink }: Kernel['rules'][string], sight: NodeSight): boolean {
  const areLinksSeen = [inputLink, outputLink].every((name) => name === undefined || sight.rootLinkNames.has(name));
  return areLinksSeen && [from, to].every((prefix) => prefix === undefined || isAddressKnown(sight, prefix));
}
