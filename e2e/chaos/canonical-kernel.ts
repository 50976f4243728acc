import type { KernelSnapshot, NetworkNamespace } from '#model/kernel/kernel-snapshot.ts';
import { numberRecordIds, RECORD_IDS } from '#model/kernel/record-id.ts';

/** NUD states between which a neighbour moves by itself while traffic flows. net/core/neighbour.c */
const CONFIRMED: ReadonlySet<string> = new Set(['reachable', 'stale', 'delay', 'probe']);

/**
 * A node's kernel state in one order, as text that two readings of an unchanged kernel share byte for byte: records by their
 * identity, without what moves by itself (rule counters, confirmation of neighbours and the times beside it).
 */
export function renderCanonicalKernel({ namespaces }: KernelSnapshot): string {
  const settled = namespaces.map(settleNamespace);
  return JSON.stringify(Object.fromEntries(settled.map((each) => [each.id, each])), sortKeys, 1);
}

function settleNamespace(namespace: NetworkNamespace): Record<string, unknown> {
  const { links, addresses, routes, rules, neighbours, fdb, netfilter, ...rest } = namespace;
  const settle = <T extends { readonly state: string; readonly raw: unknown }>(entry: T) => ({
    ...entry,
    state: CONFIRMED.has(entry.state) ? 'confirmed' : entry.state,
    raw: undefined,
  });
  return {
    ...rest,
    links: byId(links, RECORD_IDS.links),
    addresses: byId(addresses, RECORD_IDS.addresses),
    routes: byId(routes, RECORD_IDS.routes),
    rules: byId(rules, RECORD_IDS.rules),
    neighbours: byId(neighbours.map(settle), RECORD_IDS.neighbours),
    fdb: byId(fdb.map(settle), RECORD_IDS.fdb),
    netfilter: JSON.parse(JSON.stringify(netfilter ?? null), dropCounters) as unknown,
  };
}

function byId<T>(records: readonly T[], idOf: (record: T) => string): Record<string, T> {
  const ids = numberRecordIds(records, idOf);
  return Object.fromEntries(records.map((record, place) => [ids[place] ?? '', record]));
}

const dropCounters = (key: string, value: unknown): unknown => (key === 'packets' || key === 'bytes' ? 0 : value);

const sortKeys = (_key: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value;
