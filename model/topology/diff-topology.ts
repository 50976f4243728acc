import type { TopologyDelta } from '../protocol/live-message.ts';
import { equalJson } from './equal-json.ts';

/** What NodeTopology and ClusterTopology have in common: collections of records by key. */
export type Collections = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/**
 * The delta that turns `before` into `after`: `applyTopologyDelta(before, diffTopology(before, after))` equals `after`.
 * Records are compared by value, so a recomputed but unchanged record costs nothing on the wire.
 */
export function diffTopology(before: Collections, after: Collections): TopologyDelta {
  const put: Record<string, Record<string, unknown>> = {};
  const remove: Record<string, string[]> = {};
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const old = before[name] ?? {};
    const now = after[name] ?? {};
    if (old === now) continue;
    const changed = Object.entries(now).filter(([key, record]) => !equalJson(old[key], record));
    if (changed.length > 0) put[name] = Object.fromEntries(changed);
    const gone = Object.keys(old).filter((key) => !Object.hasOwn(now, key));
    if (gone.length > 0) remove[name] = gone;
  }
  return { put, remove };
}

/** True where there is nothing to send. */
export const isEmptyDelta = (delta: TopologyDelta): boolean =>
  Object.keys(delta.put).length === 0 && Object.keys(delta.remove).length === 0;
