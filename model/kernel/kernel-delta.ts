import { z } from 'zod';
import {
  Address,
  FdbEntry,
  Link,
  Neighbour,
  Netfilter,
  NetnsId,
  NetworkNamespace,
  PolicyRule,
  Route,
} from './kernel-snapshot.ts';

/** The collections of a namespace whose records have an identity: `record-id.ts`. */
const Records = z.object({
  links: z.array(Link),
  addresses: z.array(Address),
  routes: z.array(Route),
  rules: z.array(PolicyRule),
  neighbours: z.array(Neighbour),
  fdb: z.array(FdbEntry),
});
export type RecordKind = keyof z.infer<typeof Records>;

/** Ids of records that are gone, by collection. */
const RecordIds = z.partialRecord(Records.keyof(), z.array(z.string()));

/**
 * What changed in a node's kernel since the snapshot or delta with the sequence before this one.
 * `namespace.put` replaces the whole namespace, or adds it. `namespace.change` puts and removes records by their ids inside
 * one that is known; records of one identity are put together, or not at all. A delta whose `sequence` does not follow the last one cannot be applied: the collector answers
 * `needsSnapshot`.
 */
export const KernelChange = z.discriminatedUnion('type', [
  z.object({ type: z.literal('namespace.put'), namespace: NetworkNamespace }),
  z.object({ type: z.literal('namespace.remove'), namespaceId: NetnsId }),
  z.object({
    type: z.literal('namespace.change'),
    namespaceId: NetnsId,
    put: Records.partial(),
    remove: RecordIds,
    /** Each replaces the whole of it, where it is there. */
    names: z.array(z.string()).optional(),
    kind: NetworkNamespace.shape.kind.optional(),
    sysctls: NetworkNamespace.shape.sysctls.optional(),
    netfilter: Netfilter.optional(),
    ...NetworkNamespace.pick({ nextHops: true, trafficControl: true, bpf: true, bridgeVlans: true, wireguard: true })
      .shape,
    /** Single settings, where most stay: a node has ten for each of its links. */
    sysctlChange: z.object({ put: NetworkNamespace.shape.sysctls, remove: z.array(z.string()) }).optional(),
  }),
]);
export type KernelChange = z.infer<typeof KernelChange>;
export type NamespaceChange = Extract<KernelChange, { readonly type: 'namespace.change' }>;

export const KernelDelta = z.object({
  node: z.string(),
  bootId: z.string(),
  time: z.string(),
  sequence: z.int().positive(),
  changes: z.array(KernelChange),
});
export type KernelDelta = z.infer<typeof KernelDelta>;
