import type { NodeTopology } from '#model/topology/topology.ts';
import { isInPrefix, readPrefixLength } from './match-prefix.ts';
import type { NodeScene, SceneBank, SceneCard } from './node-scene.ts';

/**
 * Everything that belongs to one object: the wire end to end for a pod or its veth, all wires of a bridge, what a route
 * leads to. Ids as in the URL: `pod:…`, `link:…`, `route:…`, and `neighbour:…`, `fdb:…`, `address:…` for the tables.
 */
export function findRelated(topology: NodeTopology, scene: NodeScene, selection: string): ReadonlySet<string> {
  const pairs = scene.banks.flatMap((bank) => bank.cards.map((card) => ({ bank, card })));
  const related = new Set([selection]);
  for (const { bank, card } of pairs) {
    if (card.selection === selection || (card.hostLink !== undefined && selection === `link:${card.hostLink.key}`)) {
      addWire(related, scene, { bank, card });
      addRecords(related, topology, card);
    }
  }
  const bridge = scene.banks.find((bank) => bank.bridge !== undefined && `link:${bank.bridge.key}` === selection);
  for (const card of bridge?.cards ?? []) {
    addCard(related, card);
  }
  addRoutes(related, scene, selection);
  addLinkRecords(related, topology);
  return related;
}

type Placed = { readonly bank: SceneBank; readonly card: SceneCard };

function addCard(related: Set<string>, card: SceneCard): void {
  related.add(card.selection);
  if (card.hostLink !== undefined) {
    related.add(`link:${card.hostLink.key}`);
  }
}

function addWire(related: Set<string>, scene: NodeScene, { bank, card }: Placed): void {
  addCard(related, card);
  if (bank.bridge !== undefined) {
    related.add(`link:${bank.bridge.key}`);
  }
  const route = findRouteTo(scene, card.ip);
  if (route !== undefined) {
    related.add(`route:${route}`);
  }
}

/** The longest prefix of the main table that holds the address; `default` leads away from the node, not to a pod. */
function findRouteTo(scene: NodeScene, ip: string | undefined): string | undefined {
  return scene.routes
    .filter((route) => ip !== undefined && route.destination !== 'default' && isInPrefix(ip, route.destination))
    .toSorted((a, b) => readPrefixLength(b.destination) - readPrefixLength(a.destination))[0]?.key;
}

function addRoutes(related: Set<string>, scene: NodeScene, selection: string): void {
  for (const route of scene.routes) {
    if (selection === `route:${route.key}`) {
      related.add(`link:${route.linkKey}`);
      const bank = scene.banks.find((candidate) => candidate.bridge?.key === route.linkKey);
      const cards = bank?.cards ?? scene.banks.flatMap((candidate) => candidate.cards);
      const reached = cards.filter((card) => card.ip !== undefined && isInPrefix(card.ip, route.destination));
      for (const card of route.destination === 'default' ? [] : reached) {
        addCard(related, card);
      }
    } else if (selection === `link:${route.linkKey}`) {
      related.add(`route:${route.key}`);
    }
  }
}

/** What the tables hold of a pod: both ends' neighbours, the bridge's memory of its MAC, all of its own namespace. */
function addRecords(related: Set<string>, topology: NodeTopology, card: SceneCard): void {
  for (const [key, neighbour] of Object.entries(topology.neighbours)) {
    if ((neighbour.ip === card.ip && card.ip !== undefined) || (neighbour.mac === card.mac && card.mac !== undefined)) {
      related.add(`neighbour:${key}`);
    }
  }
  for (const [key, entry] of Object.entries(topology.fdb)) {
    const isPort = card.hostLink !== undefined && `${entry.namespaceId}/${entry.linkIndex}` === card.hostLink.key;
    if (isPort || (entry.mac === card.mac && card.mac !== undefined)) {
      related.add(`fdb:${key}`);
    }
  }
  const own = Object.values(topology.attachments).filter(
    (attachment) => attachment.pod !== undefined && attachment.pod === card.pod,
  );
  for (const { namespaceId, podLinkIndex } of own) {
    related.add(`link:${namespaceId}/${podLinkIndex}`);
    for (const [key, route] of Object.entries(topology.routes)) {
      if (route.namespaceId === namespaceId && namespaceId !== undefined) {
        related.add(`route:${key}`);
      }
    }
  }
}

/** Records that name a related link. */
function addLinkRecords(related: Set<string>, topology: NodeTopology): void {
  for (const [key, address] of Object.entries(topology.addresses)) {
    if (related.has(`link:${address.namespaceId}/${address.linkIndex}`)) {
      related.add(`address:${key}`);
    }
  }
}
