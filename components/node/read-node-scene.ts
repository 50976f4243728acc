import type { NetnsId } from '#model/kernel/kernel-snapshot.ts';
import type { AddressPool, NodeTopology } from '#model/topology/topology.ts';
import { nameUnknown } from '../access/describe-omission.ts';
import { isInPrefix } from './match-prefix.ts';
import type {
  NodeScene,
  SceneBank,
  SceneBridge,
  SceneCard,
  SceneFact,
  SceneLink,
  SceneRoute,
  SceneUplink,
} from './node-scene.ts';
import { type CardReading, readCards } from './read-cards.ts';
import { readNetfilterFacts } from './read-netfilter-facts.ts';

type TopologyLink = NodeTopology['links'][string];

/** Routing table `main`. include/uapi/linux/rtnetlink.h: RT_TABLE_MAIN */
const MAIN_TABLE = 254;

/**
 * What the drawing of a node shows. Everything of the root namespace is somewhere in it: drawn, or counted as hidden.
 * Order comes from ifindex and time of creation, never from a status, so that nothing jumps.
 */
export function readNodeScene(topology: NodeTopology): NodeScene {
  const root = Object.values(topology.namespaces).find((namespace) => namespace.kind === 'root');
  const unknown = nameUnknown(topology.node.node?.omitted);
  const links = Object.values(topology.links)
    .filter((link) => link.namespaceId === root?.id)
    .sort((a, b) => a.index - b.index);
  const sceneLinks = new Map(links.map((link) => [link.index as number, readSceneLink(topology, link)]));
  const routes = readRoutes(topology, root?.id, sceneLinks);
  const cards = readCards(topology, root?.id, sceneLinks);
  const hostEnds = new Set(cards.flatMap(({ card }) => (card.hostLink === undefined ? [] : [card.hostLink.index])));
  const free = links.filter((link) => !hostEnds.has(link.index) && !link.flags.includes('LOOPBACK'));
  const uplinks = readUplinks(topology, free, sceneLinks);
  const bridges = readBridges(topology, links, cards);
  const drawn = new Set([...uplinks.map((link) => link.index), ...bridges.map((bridge) => bridge.index)]);
  return {
    rootId: root?.id,
    uplinks,
    routes,
    facts: readNetfilterFacts(root, unknown),
    routesNote: routesNote(unknown),
    banks: groupCards(cards, root?.id, bridges),
    otherLinks: pickLinks(
      free.filter((link) => !drawn.has(link.index)),
      sceneLinks,
    ),
    hiddenLinks: pickLinks(
      links.filter((link) => link.flags.includes('LOOPBACK')),
      sceneLinks,
    ),
  };
}

const routesNote = (unknown: SceneFact['unknown']): string =>
  unknown === 'not shown' ? 'not shown: no permission to list nodes' : 'no route in the main table';

function pickLinks(links: readonly TopologyLink[], scene: ReadonlyMap<number, SceneLink>): readonly SceneLink[] {
  return links.flatMap((link) => scene.get(link.index) ?? []);
}

function readSceneLink(topology: NodeTopology, link: TopologyLink): SceneLink {
  const addresses = Object.values(topology.addresses)
    .filter((address) => address.namespaceId === link.namespaceId && address.linkIndex === link.index)
    .filter((address) => address.scope === 'global' || link.flags.includes('LOOPBACK'))
    .sort((a, b) => (a.family === b.family ? 0 : a.family === 'inet' ? -1 : 1))
    .map((address) => address.prefix);
  return {
    key: `${link.namespaceId}/${link.index}`,
    name: link.name,
    index: link.index,
    kind: link.kind,
    mac: link.mac,
    mtuBytes: link.mtuBytes,
    addresses,
    isUp: link.flags.includes('UP') && link.operState !== 'down' && link.operState !== 'lowerlayerdown',
    operState: link.operState,
  };
}

/** Main table, IPv4 first, `default` on top, then by address: the order of `ip route`. */
function readRoutes(
  topology: NodeTopology,
  rootId: NetnsId | undefined,
  links: ReadonlyMap<number, SceneLink>,
): readonly SceneRoute[] {
  return Object.entries(topology.routes)
    .filter(([, route]) => route.namespaceId === rootId && route.table === MAIN_TABLE && route.family === 'inet')
    .map(([key, route]) => {
      const link = route.linkIndex === undefined ? undefined : links.get(route.linkIndex);
      const path = [
        route.type === 'unicast' ? undefined : route.type,
        route.gateway === undefined ? undefined : `via ${route.gateway}`,
        route.linkIndex === undefined ? undefined : `dev ${link?.name ?? `#${route.linkIndex}`}`,
        route.nextHops === undefined ? undefined : `${route.nextHops.length} next hops`,
        route.preferredSource === undefined ? undefined : `src ${route.preferredSource}`,
      ];
      return {
        key,
        destination: route.destination,
        path: path.filter((part) => part !== undefined).join(' '),
        protocol: route.protocol,
        linkKey: link?.key,
      };
    })
    .sort((a, b) => compareDestination(a.destination, b.destination));
}

function compareDestination(a: string, b: string): number {
  return a === b ? 0 : a === 'default' ? -1 : b === 'default' ? 1 : a.localeCompare(b, 'en', { numeric: true });
}

/** Where packets leave the node: links with the default route, the node's own IP, or hardware with an address. */
function readUplinks(
  topology: NodeTopology,
  free: readonly TopologyLink[],
  scene: ReadonlyMap<number, SceneLink>,
): readonly SceneUplink[] {
  const internalIps = topology.node.node?.facts?.internalIps ?? [];
  return free.flatMap((link) => {
    const sceneLink = scene.get(link.index);
    if (sceneLink === undefined || link.kind === 'bridge' || link.masterIndex !== undefined) {
      return [];
    }
    const isDefault = Object.values(topology.routes).some(
      (route) =>
        route.namespaceId === link.namespaceId && route.linkIndex === link.index && route.destination === 'default',
    );
    const hasNodeIp = sceneLink.addresses.some((prefix) => internalIps.includes(prefix.split('/')[0] ?? ''));
    const isHardware = link.kind === undefined && sceneLink.addresses.length > 0;
    return isDefault || hasNodeIp || isHardware ? [{ ...sceneLink, isDefault }] : [];
  });
}

/** Bridges with ports; without any, every bridge there is, so that an empty one is seen. The busiest is first. */
function readBridges(
  topology: NodeTopology,
  links: readonly TopologyLink[],
  cards: readonly CardReading[],
): readonly SceneBridge[] {
  const { pools = [], omitted } = topology.node.node ?? {};
  const hasHiddenPorts = (omitted?.pods ?? 0) > 0;
  const addressNote = omitted?.seesNodes === false ? 'address not shown' : 'no address';
  const bridges = links
    .filter((link) => link.kind === 'bridge')
    .map((link) => {
      const sceneLink = readSceneLink(topology, link);
      const portCount = links.filter((port) => port.masterIndex === link.index).length;
      return { ...sceneLink, portCount, hasHiddenPorts, addressNote, pool: findPool(pools, sceneLink) } as const;
    })
    .sort((a, b) => a.index - b.index);
  const used = bridges.filter((bridge) => cards.some((card) => card.bridgeIndex === bridge.index));
  return used.length > 0 ? used : bridges;
}

function findPool(pools: readonly AddressPool[], link: SceneLink): AddressPool | undefined {
  return pools.find((pool) => link.addresses.some((prefix) => isInPrefix(prefix.split('/')[0] ?? '', pool.prefix)));
}

/** Every card in one bank. Pods that wait for their wire are shown where this node's pods hang: on its busiest bridge. */
function groupCards(cards: readonly CardReading[], rootId: NetnsId | undefined, bridges: readonly SceneBridge[]) {
  const main = bridges.toSorted((a, b) => b.portCount - a.portCount || a.index - b.index)[0];
  const pick = (choose: (reading: CardReading) => boolean): readonly SceneCard[] =>
    cards.filter(choose).map((reading) => reading.card);
  const isElsewhere = cards.some(({ place }) => place === 'routed' || place === 'direct');
  const isBare = main === undefined && !isElsewhere && rootId !== undefined;
  const bridgeBanks: readonly SceneBank[] = bridges.map((bridge) => ({
    id: `bridge:${bridge.key}`,
    kind: 'bridge',
    bridge,
    label: bridge.name,
    cards: pick(({ place, bridgeIndex }) => bridgeIndex === bridge.index || (place === 'expected' && bridge === main)),
  }));
  const bare: SceneBank = {
    id: 'no-bridge',
    kind: 'bridge',
    bridge: undefined,
    label: 'no bridge yet: it is made by the first ADD',
    cards: pick(({ place }) => place === 'expected'),
  };
  const plain = (kind: 'routed' | 'direct' | 'waiting' | 'host-network', label: string): SceneBank => ({
    id: kind,
    kind,
    bridge: undefined,
    label,
    cards: pick(
      ({ place }) => place === kind || (kind === 'waiting' && place === 'expected' && main === undefined && !isBare),
    ),
  });
  const others = [
    plain('routed', 'routed by the node, no bridge'),
    plain('direct', 'on a link of the node, no veth'),
    plain('waiting', 'no wire'),
    plain('host-network', "hostNetwork: in the node's own namespace"),
  ];
  return [...bridgeBanks, ...(isBare ? [bare] : []), ...others.filter((bank) => bank.cards.length > 0)];
}
