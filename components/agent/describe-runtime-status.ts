import type { RuntimeStatus } from '#model/agent/status-note.ts';
import { formatClock } from '../timeline/format-clock.ts';

const clockOf = (instant: string): string => formatClock(instant).slice(0, 8);

/** What the container runtime is told about the node's network, in a sentence. */
export function describeRuntimeStatus({ isAsked, lastAskedAt, since, error }: RuntimeStatus): string {
  const told = error === undefined ? 'the network is ready' : `${error.msg} (code ${error.code})`;
  if (!isAsked) return `The runtime has not asked STATUS since ${clockOf(lastAskedAt)}; it was told then: ${told}.`;
  return `The runtime asks STATUS every few seconds and is told since ${clockOf(since)}: ${told}.`;
}
