import { applyKernelDelta } from '#model/kernel/apply-kernel-delta.ts';
import type { KernelSnapshot, NetworkNamespace } from '#model/kernel/kernel-snapshot.ts';
import type { BatchRecord } from '#model/protocol/agent-batch.ts';

/** What a collector knows of a node after these records, by namespace. @throws where a delta does not follow */
export function foldKernelRecords(records: readonly BatchRecord[]): ReadonlyMap<string, NetworkNamespace> {
  let snapshot: KernelSnapshot | undefined;
  for (const record of records) {
    if (record.type === 'kernel.snapshot') snapshot = record.snapshot;
    // A collector that lost track drops deltas until the snapshot it asked for.
    if (record.type !== 'kernel.delta' || snapshot === undefined) continue;
    const applied = applyKernelDelta(snapshot, record.delta);
    if (!applied.ok) throw new Error(`delta ${record.delta.sequence}: ${applied.error.detail}`);
    snapshot = applied.value;
  }
  return new Map((snapshot?.namespaces ?? []).map((namespace) => [namespace.id, namespace]));
}
