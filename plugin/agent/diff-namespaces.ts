import { createHash } from 'node:crypto';
import { diffNamespace, exactEquality, type NamespaceEquality } from '#model/kernel/diff-namespace.ts';
import type { KernelChange } from '#model/kernel/kernel-delta.ts';
import type { FdbEntry, Neighbour, Netfilter, NetnsId, NetworkNamespace } from '#model/kernel/kernel-snapshot.ts';
import type { WireguardDevice } from '#model/kernel/wireguard-device.ts';

export type NamespacesById = ReadonlyMap<NetnsId, NetworkNamespace>;

/**
 * What has to be told to someone who knows `before` so that he knows `after`: whole namespaces that are new, records of
 * the others.
 * @param equality decides what is worth telling: everything, or {@link equalityButForNoise}
 */
export function diffNamespaces(
  before: NamespacesById,
  after: NamespacesById,
  equality: NamespaceEquality,
): KernelChange[] {
  const changes: KernelChange[] = [];
  for (const namespaceId of before.keys()) {
    if (!after.has(namespaceId)) changes.push({ type: 'namespace.remove', namespaceId });
  }
  for (const [id, namespace] of after) {
    const known = before.get(id);
    if (known === undefined) {
      changes.push({ type: 'namespace.put', namespace });
      continue;
    }
    const change = diffNamespace(known, namespace, equality);
    if (change !== undefined) changes.push(change);
  }
  return changes;
}

/**
 * The same but for what moves by itself while traffic flows: confirmation states of neighbours and bridge entries,
 * handshakes and rule counters. Whether a neighbour can be reached at all is no noise.
 */
export const equalityButForNoise: NamespaceEquality = {
  isSameRecord: (kind, one, other) =>
    kind === 'neighbours' || kind === 'fdb'
      ? exactEquality.isSameRecord(kind, settle(one as Settling), settle(other as Settling))
      : exactEquality.isSameRecord(kind, one, other),
  isSameNetfilter: (one, other) => describeRules(one as Netfilter) === describeRules(other as Netfilter),
  isSamePart: (part, one, other) =>
    part === 'wireguard'
      ? exactEquality.isSamePart(part, settlePeers(one), settlePeers(other))
      : exactEquality.isSamePart(part, one, other),
};

/** Peers shake hands every two minutes while they talk. */
const settlePeers = (devices: unknown): unknown =>
  (devices as readonly WireguardDevice[] | undefined)?.map((device) => ({
    ...device,
    peers: device.peers.map((peer) => ({ ...peer, lastHandshakeAt: undefined })),
  }));

type Settling = Neighbour | FdbEntry;

/** NUD states between which a neighbour that answers moves by itself. net/core/neighbour.c */
const confirmedStates: ReadonlySet<string> = new Set(['reachable', 'stale', 'delay', 'probe']);

const settle = (entry: Settling): object => ({
  ...entry,
  state: confirmedStates.has(entry.state) ? 'confirmed' : entry.state,
  raw: undefined,
});

/** A reading stays the same object as long as nothing is read again: its description is made once. */
const descriptions = new WeakMap<Netfilter, string>();

function describeRules(netfilter: Netfilter): string {
  const known = descriptions.get(netfilter);
  if (known !== undefined) return known;
  // `{"counter": {"packets": 3, "bytes": 180}}` stands anywhere in a rule's expressions.
  const text = JSON.stringify(netfilter, (key, value) => (key === 'packets' || key === 'bytes' ? 0 : value));
  const description = createHash('sha256').update(text).digest('base64');
  descriptions.set(netfilter, description);
  return description;
}
