import type { NetworkNamespace } from '#model/kernel/kernel-snapshot.ts';
import { equalJson } from '#model/topology/equal-json.ts';

/**
 * The records that were known, where a reading tells the same, so that whoever compares sees by `===` what stayed; the very
 * array where all did.
 */
export function keepKnown<T>(known: readonly T[] | undefined, read: readonly T[]): T[] {
  if (known === undefined) return [...read];
  let isSame = known.length === read.length;
  const kept = read.map((record, place) => {
    const before = known[place];
    if (before === record || (before !== undefined && equalJson(before, record))) return before as T;
    isSame = false;
    return record;
  });
  return isSame ? (known as T[]) : kept;
}

/** What was known, where the reading tells the same. */
export const keepSame = <T>(known: T | undefined, read: T): T =>
  known !== undefined && equalJson(known, read) ? known : read;

/** The namespace as it was known, where each of its parts stayed the very same. */
export function keepNamespace(known: NetworkNamespace | undefined, read: NetworkNamespace): NetworkNamespace {
  if (known === undefined) return read;
  const parts = Object.keys(read) as (keyof NetworkNamespace)[];
  return parts.every((part) => known[part] === read[part]) ? known : read;
}
