import type { KernelSnapshot, NetworkNamespace } from '#model/kernel/kernel-snapshot.ts';
import { numberRecordIds, RECORD_IDS } from '#model/kernel/record-id.ts';

const moving = new Set(['reachable', 'stale', 'delay', 'probe']);
const silent = new Set(['incomplete', 'none', 'failed']);

/**
 * A node's namespaces for a comparison of two readings at different times: records by identity, without what moves by
 * itself. Everything else has to be the same to the last attribute.
 */
export function describeNamespaces(namespaces: Iterable<NetworkNamespace>): Record<string, unknown> {
  return Object.fromEntries(Array.from(namespaces, (namespace) => [namespace.id, describeNamespace(namespace)]));
}

export const describeSnapshot = (snapshot: KernelSnapshot): Record<string, unknown> =>
  describeNamespaces(snapshot.namespaces);

function describeNamespace(namespace: NetworkNamespace): Record<string, unknown> {
  const settle = <T extends { readonly state: string; readonly raw: unknown }>(entry: T) => ({
    ...entry,
    state: moving.has(entry.state) ? 'confirmed' : entry.state,
    raw: undefined,
  });
  const settled = {
    ...namespace,
    neighbours: namespace.neighbours
      .filter(({ state, flags }) => !silent.has(state) || flags.includes('proxy'))
      .map(settle),
    fdb: namespace.fdb.map(settle),
  };
  const collections = Object.entries(RECORD_IDS).map(([kind, idOf]) => {
    const records = settled[kind as keyof typeof RECORD_IDS] as readonly never[];
    const ids = numberRecordIds(records, idOf as (record: never) => string);
    return [kind, Object.fromEntries(ids.map((id, place) => [id, records[place]]))];
  });
  const netfilter = JSON.stringify(namespace.netfilter ?? null, (key, value) =>
    key === 'packets' || key === 'bytes' ? 0 : value,
  );
  return { ...settled, ...Object.fromEntries(collections), netfilter };
}
