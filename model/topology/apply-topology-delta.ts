import type { TopologyDelta } from '../protocol/live-message.ts';
import type { Collections } from './diff-topology.ts';

/**
 * The topology as the delta leaves it. Collections and records that the delta does not name keep their identity, so a
 * view that reads only them need not draw again. The type is the caller's: a delta from the server fits the topology that
 * the same subscription's snapshot gave.
 */
export function applyTopologyDelta<T extends Collections>(topology: T, delta: TopologyDelta): T {
  const next: Record<string, Readonly<Record<string, unknown>>> = { ...topology };
  for (const name of new Set([...Object.keys(delta.put), ...Object.keys(delta.remove)])) {
    const records: Record<string, unknown> = { ...next[name] };
    for (const key of delta.remove[name] ?? []) delete records[key];
    next[name] = Object.assign(records, delta.put[name]);
  }
  return next as T;
}
