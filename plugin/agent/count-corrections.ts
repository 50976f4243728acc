import { diffNamespace, type NamespaceEquality } from '#model/kernel/diff-namespace.ts';
import type { NetworkNamespace } from '#model/kernel/kernel-snapshot.ts';
import { equalityButForNoise } from './diff-namespaces.ts';
import type { StalePart } from './patch-namespace.ts';

/** What no notification tells by its nature is not what notifications got wrong: rulesets here, sysctls below. */
const equality: NamespaceEquality = { ...equalityButForNoise, isSameNetfilter: () => true };

/** A neighbour that did not answer yet: the kernel makes it, asks again and drops it without a word. net/core/neighbour.c */
const silentStates: ReadonlySet<string> = new Set(['incomplete', 'none', 'failed']);

/**
 * How many records a full reading found different from what notifications had told.
 * @param told with every notification in it that came until the reading was done; `read` with the same ones
 * @param unknown parts that were read anew meanwhile: nothing can be said of them
 */
export function countCorrections(
  told: NetworkNamespace,
  read: NetworkNamespace,
  unknown: ReadonlySet<StalePart>,
): number {
  if (told === read) return 0;
  const change = diffNamespace(spoken(told), { ...spoken(read), sysctls: told.sysctls }, equality);
  if (change === undefined) return 0;
  const kinds = new Set([...Object.keys(change.put), ...Object.keys(change.remove)]) as Set<keyof typeof change.put>;
  let count = 0;
  for (const kind of kinds) {
    if (!unknown.has(kind)) count += (change.put[kind]?.length ?? 0) + (change.remove[kind]?.length ?? 0);
  }
  if (change.nextHops !== undefined && !unknown.has('nextHops')) count += 1;
  if (change.trafficControl !== undefined && !unknown.has('trafficControl')) count += 1;
  return count;
}

const spoken = (namespace: NetworkNamespace): NetworkNamespace => ({
  ...namespace,
  neighbours: namespace.neighbours.filter(({ state, flags }) => flags.includes('proxy') || !silentStates.has(state)),
});
