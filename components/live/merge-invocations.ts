import type { InvocationList } from '#model/protocol/live-message.ts';
import type { InvocationSummary } from '#model/topology/topology.ts';

/** As many invocations as one browser keeps of one view; older ones are counted in `olderCount`. */
export const KEPT_INVOCATIONS = 5000;

const compareStart = (a: InvocationSummary, b: InvocationSummary): number =>
  a.startedAt < b.startedAt ? -1 : a.startedAt > b.startedAt ? 1 : a.id < b.id ? -1 : a.id > b.id ? 1 : 0;

/**
 * Adds invocations that just arrived to a list that is oldest first. An agent that was cut off sends old ones late, and
 * one that reconnects sends some twice: order and identity come from the event, never from its arrival.
 */
export function mergeInvocations(list: InvocationList, arrived: readonly InvocationSummary[]): InvocationList {
  const known = new Set(list.invocations.map((invocation) => invocation.id));
  const fresh = arrived.filter((invocation) => !known.has(invocation.id) && known.add(invocation.id));
  if (fresh.length === 0) {
    return list;
  }
  const last = list.invocations.at(-1);
  const sorted = fresh.toSorted(compareStart);
  const first = sorted[0];
  const isInOrder = last === undefined || first === undefined || compareStart(last, first) <= 0;
  const merged = isInOrder ? [...list.invocations, ...sorted] : [...list.invocations, ...sorted].toSorted(compareStart);
  const surplus = Math.max(0, merged.length - KEPT_INVOCATIONS);
  return {
    invocations: surplus === 0 ? merged : merged.slice(surplus),
    olderCount: list.olderCount + surplus,
  };
}
