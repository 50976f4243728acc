import type { NetworkNamespace } from '../kernel/kernel-snapshot.ts';
import { addressId, fdbId, linkId, neighbourId, policyRuleId, recordKey, routeId } from '../kernel/record-id.ts';
import type { NodeTopology } from './topology.ts';

/** The kernel's part of a topology: records by `<netns id>/<record id>`. */
export type KernelRecords = Pick<NodeTopology, 'links' | 'addresses' | 'routes' | 'rules' | 'neighbours' | 'fdb'>;

const remembered = new WeakMap<NetworkNamespace, KernelRecords>();

/** Records of all namespaces. Those of an unchanged namespace keep their identity, which makes the diff cheap. */
export function indexKernelRecords(namespaces: readonly NetworkNamespace[]): KernelRecords {
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
    links: index(namespace, namespace.links, linkId),
    addresses: index(namespace, namespace.addresses, addressId),
    routes: index(namespace, namespace.routes, routeId),
    rules: index(namespace, namespace.rules, policyRuleId),
    neighbours: index(namespace, namespace.neighbours, neighbourId),
    fdb: index(namespace, namespace.fdb, fdbId),
  };
}

type Placed<T> = Record<string, T & { namespaceId: NetworkNamespace['id'] }>;

/** Two records of one identity are both kept, the second as `…#2`: what the kernel lists is never dropped. */
function index<T extends object>(namespace: NetworkNamespace, records: readonly T[], idOf: (each: T) => string) {
  const placed: Placed<T> = {};
  for (const record of records) {
    const key = recordKey(namespace.id, idOf(record));
    let free = key;
    for (let count = 2; free in placed; count += 1) free = `${key}#${count}`;
    placed[free] = { ...record, namespaceId: namespace.id };
  }
  return placed;
}
