import { isDeepStrictEqual } from 'node:util';
import type { KernelChange } from '#model/kernel/kernel-delta.ts';
import type { NetnsId, NetworkNamespace } from '#model/kernel/kernel-snapshot.ts';

export type NamespacesById = ReadonlyMap<NetnsId, NetworkNamespace>;

/**
 * What has to be told to someone who knows `before` so that he knows `after`.
 * @param isSame decides whether a namespace is worth telling; {@link isSameExactly} or {@link isSameButForNoise}
 */
export function diffNamespaces(
  before: NamespacesById,
  after: NamespacesById,
  isSame: (one: NetworkNamespace, other: NetworkNamespace) => boolean,
): KernelChange[] {
  const changes: KernelChange[] = [];
  for (const namespaceId of before.keys()) {
    if (!after.has(namespaceId)) changes.push({ type: 'namespace.remove', namespaceId });
  }
  for (const [id, namespace] of after) {
    const known = before.get(id);
    if (known === undefined || (known !== namespace && !isSame(known, namespace))) {
      changes.push({ type: 'namespace.put', namespace });
    }
  }
  return changes;
}

export function isSameExactly(one: NetworkNamespace, other: NetworkNamespace): boolean {
  return isDeepStrictEqual(one, other);
}

/**
 * The same but for what moves by itself while traffic flows: confirmation states of neighbours and bridge entries, and
 * rule counters. Whether a neighbour can be reached at all is no noise.
 */
export function isSameButForNoise(one: NetworkNamespace, other: NetworkNamespace): boolean {
  return isDeepStrictEqual(withoutNoise(one), withoutNoise(other));
}

/** NUD states between which a neighbour that answers moves by itself. net/core/neighbour.c */
const confirmedStates: ReadonlySet<string> = new Set(['reachable', 'stale', 'delay', 'probe']);

function withoutNoise(namespace: NetworkNamespace): unknown {
  const settle = <T extends { readonly state: string }>(entry: T) => ({
    ...entry,
    state: confirmedStates.has(entry.state) ? 'confirmed' : entry.state,
    raw: undefined,
  });
  return {
    ...namespace,
    neighbours: namespace.neighbours.map(settle),
    fdb: namespace.fdb.map(settle),
    netfilter: namespace.netfilter && withoutCounters(namespace.netfilter),
  };
}

function withoutCounters(netfilter: NonNullable<NetworkNamespace['netfilter']>): unknown {
  return {
    problems: netfilter.problems,
    iptables: netfilter.iptables.map(({ family, backend, chains, rules }) => ({
      family,
      backend,
      chains: chains.map((chain) => ({ ...chain, packets: 0, bytes: 0 })),
      rules: rules.map((rule) => ({ ...rule, packets: 0, bytes: 0 })),
    })),
    nft: dropNftCounters(netfilter.nft),
  };
}

/** `{"counter": {"packets": 3, "bytes": 180}}` stands anywhere in a rule's expressions. */
function dropNftCounters(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(dropNftCounters);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      key === 'packets' || key === 'bytes' ? 0 : dropNftCounters(inner),
    ]),
  );
}
