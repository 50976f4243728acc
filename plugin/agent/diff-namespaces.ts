import { createHash } from 'node:crypto';
import { applyNamespaceChange } from '#model/kernel/apply-kernel-delta.ts';
import { diffNamespace, exactEquality, type NamespaceEquality } from '#model/kernel/diff-namespace.ts';
import type { KernelChange, NamespaceChange } from '#model/kernel/kernel-delta.ts';
import type { FdbEntry, Neighbour, Netfilter, NetnsId, NetworkNamespace } from '#model/kernel/kernel-snapshot.ts';
import type { WireguardDevice } from '#model/kernel/wireguard-device.ts';
import { equalJson } from '#model/topology/equal-json.ts';

export type NamespacesById = ReadonlyMap<NetnsId, NetworkNamespace>;

export interface NamespacesDifference {
  readonly changes: KernelChange[];
  /** What he knows who was told the changes. */
  readonly told: Map<NetnsId, NetworkNamespace>;
}

/**
 * What has to be told to someone who knows `before` so that he knows `after`: whole namespaces that are new, records of
 * the others.
 * @param equality decides what is worth telling: everything, or {@link equalityButForNoise}
 */
export function diffNamespaces(
  before: NamespacesById,
  after: NamespacesById,
  equality: NamespaceEquality,
): NamespacesDifference {
  const changes: KernelChange[] = [];
  const told = new Map(after);
  for (const namespaceId of before.keys()) {
    if (!after.has(namespaceId)) changes.push({ type: 'namespace.remove', namespaceId });
  }
  for (const [id, namespace] of after) {
    const known = before.get(id);
    if (known === undefined) {
      changes.push({ type: 'namespace.put', namespace });
      continue;
    }
    if (known === namespace) continue;
    const tolerance = new Tolerance(equality);
    const change = diffNamespace(known, namespace, tolerance);
    if (change !== undefined) changes.push(change);
    if (tolerance.parts.size > 0) told.set(id, keepTolerated(known, namespace, { change, parts: tolerance.parts }));
  }
  return { changes, told };
}

/** Remembers where it took two things for the same that are not. */
class Tolerance implements NamespaceEquality {
  readonly parts = new Set<keyof NetworkNamespace>();
  readonly #equality: NamespaceEquality;

  constructor(equality: NamespaceEquality) {
    this.#equality = equality;
  }

  isSameRecord = (...[kind, one, other]: Parameters<NamespaceEquality['isSameRecord']>): boolean =>
    this.#note(kind, this.#equality.isSameRecord(kind, one, other), [one, other]);

  isSameNetfilter = (one: unknown, other: unknown): boolean =>
    this.#note('netfilter', this.#equality.isSameNetfilter(one, other), [one, other]);

  isSamePart = (...[part, one, other]: Parameters<NamespaceEquality['isSamePart']>): boolean =>
    this.#note(part, this.#equality.isSamePart(part, one, other), [one, other]);

  #note(part: keyof NetworkNamespace, isSame: boolean, [one, other]: readonly [unknown, unknown]): boolean {
    if (isSame && !this.parts.has(part) && !equalJson(one, other)) this.parts.add(part);
    return isSame;
  }
}

/** Of parts with something that was not told, what was told; all else as it is now: what is the same object needs no comparison next time. */
function keepTolerated(
  known: NetworkNamespace,
  now: NetworkNamespace,
  { change, parts }: { readonly change: NamespaceChange | undefined; readonly parts: Tolerance['parts'] },
): NetworkNamespace {
  // Settings are never tolerated, and a full node has thousands.
  const told = change === undefined ? known : applyNamespaceChange(known, { ...change, sysctlChange: undefined });
  return { ...now, ...Object.fromEntries([...parts].map((part) => [part, told[part]])) };
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
