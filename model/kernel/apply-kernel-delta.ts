import { assertNever } from '../assert-never.ts';
import { fail, type Result, succeed } from '../result.ts';
import type { KernelDelta, NamespaceChange, RecordKind } from './kernel-delta.ts';
import type { KernelSnapshot, NetworkNamespace } from './kernel-snapshot.ts';
import { numberRecordIds, RECORD_IDS, WHOLE_PARTS } from './record-id.ts';

/**
 * Why a delta cannot be put on a snapshot: another boot of the agent, a delta in between was lost, or it changes a namespace
 * that the snapshot does not have.
 */
export type DeltaMismatch = { readonly kind: 'other-boot' | 'gap' | 'unknown-namespace'; readonly detail: string };

/**
 * The snapshot as the delta leaves it. Namespaces that the delta does not name keep their identity, so that a reader can
 * tell by `===` what stayed. Fails where the delta does not follow the snapshot: the reader asks for a new snapshot.
 */
export function applyKernelDelta(snapshot: KernelSnapshot, delta: KernelDelta): Result<KernelSnapshot, DeltaMismatch> {
  if (delta.bootId !== snapshot.bootId) {
    return fail({ kind: 'other-boot', detail: `boot ${delta.bootId} after ${snapshot.bootId}` });
  }
  if (delta.sequence !== snapshot.sequence + 1) {
    return fail({ kind: 'gap', detail: `sequence ${delta.sequence} after ${snapshot.sequence}` });
  }
  const namespaces = new Map<string, NetworkNamespace>(snapshot.namespaces.map((each) => [each.id, each]));
  for (const change of delta.changes) {
    switch (change.type) {
      case 'namespace.put':
        namespaces.set(change.namespace.id, change.namespace);
        break;
      case 'namespace.remove':
        namespaces.delete(change.namespaceId);
        break;
      case 'namespace.change': {
        const known = namespaces.get(change.namespaceId);
        if (known === undefined) return fail({ kind: 'unknown-namespace', detail: `namespace ${change.namespaceId}` });
        namespaces.set(change.namespaceId, applyNamespaceChange(known, change));
        break;
      }
      default:
        assertNever(change);
    }
  }
  return succeed({ ...snapshot, time: delta.time, sequence: delta.sequence, namespaces: [...namespaces.values()] });
}

/** The namespace with its records put and removed. A changed record keeps its place, a new one comes last. */
export function applyNamespaceChange(namespace: NetworkNamespace, change: NamespaceChange): NetworkNamespace {
  const { names, kind, netfilter } = change;
  return {
    ...namespace,
    ...(names !== undefined && { names }),
    ...(kind !== undefined && { kind }),
    ...(netfilter !== undefined && { netfilter }),
    ...Object.fromEntries(WHOLE_PARTS.flatMap((part) => (change[part] === undefined ? [] : [[part, change[part]]]))),
    sysctls: changeSysctls(namespace, change),
    links: changeRecords(namespace, change, 'links'),
    addresses: changeRecords(namespace, change, 'addresses'),
    routes: changeRecords(namespace, change, 'routes'),
    rules: changeRecords(namespace, change, 'rules'),
    neighbours: changeRecords(namespace, change, 'neighbours'),
    fdb: changeRecords(namespace, change, 'fdb'),
  };
}

function changeSysctls(namespace: NetworkNamespace, change: NamespaceChange): NetworkNamespace['sysctls'] {
  const whole = change.sysctls ?? namespace.sysctls;
  if (change.sysctlChange === undefined) return whole;
  const settings = { ...whole, ...change.sysctlChange.put };
  for (const name of change.sysctlChange.remove) delete settings[name];
  return settings;
}

function changeRecords<K extends RecordKind>(
  namespace: NetworkNamespace,
  change: NamespaceChange,
  kind: K,
): NetworkNamespace[K] {
  type Each = NetworkNamespace[K][number];
  const before = namespace[kind] as readonly Each[];
  const put = (change.put[kind] ?? []) as readonly Each[];
  const gone = change.remove[kind] ?? [];
  if (put.length === 0 && gone.length === 0) return namespace[kind];
  const idOf = RECORD_IDS[kind] as (record: Each) => string;
  const ids = numberRecordIds(before, idOf);
  const records = new Map(ids.map((id, place) => [id, before[place] as Each]));
  for (const id of gone) records.delete(id);
  const putIds = numberRecordIds(put, idOf);
  for (const [place, record] of put.entries()) records.set(putIds[place] ?? '', record);
  return [...records.values()] as NetworkNamespace[K];
}
