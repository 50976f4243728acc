import { z } from 'zod';
import { NetnsId, NetworkNamespace } from './kernel-snapshot.ts';

/**
 * What changed in a node's kernel since the snapshot or delta with the sequence before this one.
 * `namespace.put` replaces the whole namespace, or adds it. A delta whose `sequence` does not follow the last one
 * cannot be applied: the collector answers `snapshot-needed`.
 */
export const KernelChange = z.discriminatedUnion('type', [
  z.object({ type: z.literal('namespace.put'), namespace: NetworkNamespace }),
  z.object({ type: z.literal('namespace.remove'), namespaceId: NetnsId }),
]);
export type KernelChange = z.infer<typeof KernelChange>;

export const KernelDelta = z.object({
  node: z.string(),
  bootId: z.string(),
  time: z.string(),
  sequence: z.int().positive(),
  changes: z.array(KernelChange),
});
export type KernelDelta = z.infer<typeof KernelDelta>;
