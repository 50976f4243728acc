import type { NetworkNamespace } from '../kernel/kernel-snapshot.ts';
import { numberRecordIds, RECORD_IDS, recordKey } from '../kernel/record-id.ts';
import type { NodeTopology } from './topology.ts';

/** The kernel's part of a topology: records by `<netns id>/<record id>`. */
export type KernelRecords = Pick<NodeTopology, 'links' | 'addresses' | 'routes' | 'rules' | 'neighbours' | 'fdb'>;

const remembered = new WeakMap<NetworkNamespace, KernelRecords>();
const rememberedAll = new WeakMap<readonly NetworkNamespace[], KernelRecords>();

/**
 * Records of all namespaces. Those of an unchanged namespace keep their identity, and so do the collections of an unchanged
 * kernel, which makes the diff cheap.
 */
export function indexKernelRecords(namespaces: readonly NetworkNamespace[]): KernelRecords {
  const known = rememberedAll.get(namespaces);
  if (known !== undefined) return known;
  const all = joinRecords(namespaces);
  rememberedAll.set(namespaces, all);
  return all;
}

function joinRecords(namespaces: readonly NetworkNamespace[]): KernelRecords {
  const all: KernelRecords = { links: {}, addresses: {}, routes: {}, rules: {}, neighbours: {}, fdb: {} };
  for (const namespace of namespaces) {
    const records = remembered.get(namespace) ?? indexNamespace(namespace);
    remembered.set(namespace, records);
    Object.assign(all.links, records.links);
    Object.assign(all.addresses, records.addresses);
    Object.assign(all.routes, records.routes);
    Object.assign(all.rules, records.rules);
    Object.assign(all.neighbours, records.neighbours);
    Object.assign(all.fdb, records.fdb);
  }
  return all;
}

function indexNamespace(namespace: NetworkNamespace): KernelRecords {
  return {
    links: index(namespace, namespace.links, RECORD_IDS.links),
    addresses: index(namespace, namespace.addresses, RECORD_IDS.addresses),
    routes: index(namespace, namespace.routes, RECORD_IDS.routes),
    rules: index(namespace, namespace.rules, RECORD_IDS.rules),
    neighbours: index(namespace, namespace.neighbours, RECORD_IDS.neighbours),
    fdb: index(namespace, namespace.fdb, RECORD_IDS.fdb),
  };
}

type Placed<T> = Record<string, T & { namespaceId: NetworkNamespace['id'] }>;

function index<T extends object>(namespace: NetworkNamespace, records: readonly T[], idOf: (each: T) => string) {
  const placed: Placed<T> = {};
  const ids = numberRecordIds(records, idOf);
  for (const [place, record] of records.entries()) {
    placed[recordKey(namespace.id, ids[place] ?? '')] = { ...record, namespaceId: namespace.id };
  }
  return placed;
}
