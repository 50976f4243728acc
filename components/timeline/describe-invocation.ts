import type { InvocationSummary } from '#model/topology/topology.ts';
import { formatDuration } from '../ui/format-duration.ts';
import { formatClock } from './format-clock.ts';

/** One invocation in a line, for a tooltip and for a screen reader. */
export function describeInvocation(invocation: InvocationSummary): string {
  const { verb, pod, containerId, outcome, error, startedAt, durationUs, addresses } = invocation;
  const subject = pod ?? containerId?.slice(0, 12) ?? 'no container';
  const end = outcome === 'error' ? `failed: ${error ?? 'no reason given'}` : (addresses?.join(', ') ?? 'ok');
  return `${verb} ${subject} at ${formatClock(startedAt)}, ${formatDuration(durationUs)}, ${end}`;
}
