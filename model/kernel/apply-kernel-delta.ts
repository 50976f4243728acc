import { assertNever } from '../assert-never.ts';
import { fail, type Result, succeed } from '../result.ts';
import type { KernelDelta } from './kernel-delta.ts';
import type { KernelSnapshot, NetworkNamespace } from './kernel-snapshot.ts';

/** Why a delta cannot be put on a snapshot: another boot of the agent, or a delta in between was lost. */
export type DeltaMismatch = { readonly kind: 'other-boot' | 'gap'; readonly detail: string };

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
      default:
        assertNever(change);
    }
  }
  return succeed({ ...snapshot, time: delta.time, sequence: delta.sequence, namespaces: [...namespaces.values()] });
}
