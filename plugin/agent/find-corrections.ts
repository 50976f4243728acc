import { diffNamespace, type NamespaceEquality } from '#model/kernel/diff-namespace.ts';
import type { RecordKind } from '#model/kernel/kernel-delta.ts';
import type { Address, NetworkNamespace } from '#model/kernel/kernel-snapshot.ts';
import { addressId, RECORD_IDS } from '#model/kernel/record-id.ts';
import { equalityButForNoise } from './diff-namespaces.ts';
import type { StalePart } from './patch-namespace.ts';

/** What no notification tells by its nature is not what notifications got wrong: rulesets, programs and peers here, sysctls below. */
const equality: NamespaceEquality = {
  ...equalityButForNoise,
  isSameNetfilter: () => true,
  isSamePart: (part, one, other) =>
    part === 'bpf' || part === 'wireguard' || equalityButForNoise.isSamePart(part, one, other),
};

/** A neighbour that did not answer yet: the kernel makes it, asks again and drops it without a word. net/core/neighbour.c */
const silentStates: ReadonlySet<string> = new Set(['incomplete', 'none', 'failed']);

/**
 * The records that a full reading found different from what notifications had told, one line for each.
 * @param told with every notification in it that came until the reading was done; `read` with the same ones
 * @param unknown parts that were read anew meanwhile: nothing can be said of them
 */
export function findCorrections(
  told: NetworkNamespace,
  read: NetworkNamespace,
  unknown: ReadonlySet<StalePart>,
): readonly string[] {
  if (told === read) return [];
  const untold = new Set([...told.addresses, ...read.addresses].filter(isBeingProved).map(addressId));
  const [one, other] = [told, read].map((side) => spoken(side, untold)) as [NetworkNamespace, NetworkNamespace];
  const change = diffNamespace(one, { ...other, sysctls: told.sysctls }, equality);
  if (change === undefined) return [];
  const kinds = (Object.keys(RECORD_IDS) as RecordKind[]).filter((kind) => !unknown.has(kind));
  const wholes = (['nextHops', 'trafficControl', 'bridgeVlans'] as const).filter(
    (part) => !unknown.has(part) && part in change,
  );
  return [
    ...kinds.flatMap((kind) => (change.put[kind] ?? []).map((record) => `${kind} ${identify(kind, record)}`)),
    ...kinds.flatMap((kind) => (change.remove[kind] ?? []).map((id) => `${kind} ${id} is gone`)),
    ...wholes,
  ];
}

const identify = (kind: RecordKind, record: unknown): string =>
  (RECORD_IDS[kind] as (record: unknown) => string)(record);

/** The kernel tells of an address of its own making when nobody else on the link has it. net/ipv6/addrconf.c, addrconf_dad_completed */
const isBeingProved = ({ flags }: Address): boolean => flags.includes('tentative') && !flags.includes('dadfailed');

const spoken = (namespace: NetworkNamespace, untold: ReadonlySet<string>): NetworkNamespace => ({
  ...namespace,
  addresses: namespace.addresses.filter((address) => !untold.has(addressId(address))),
  neighbours: namespace.neighbours.filter(({ state, flags }) => flags.includes('proxy') || !silentStates.has(state)),
});
