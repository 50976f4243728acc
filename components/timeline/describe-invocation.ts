import type { InvocationSummary } from '#model/topology/topology.ts';
import { formatDuration } from '../ui/format-duration.ts';
import { formatClock } from './format-clock.ts';

/** Why it failed, and how often just before for the same reason. */
export function describeFailure({ error, repeats }: InvocationSummary): string {
  const before = repeats === undefined ? '' : `, after ${repeats} the same`;
  return `failed${before}: ${error ?? 'no reason given'}`;
}

/** One invocation in a line, for a tooltip and for a screen reader. */
export function describeInvocation(invocation: InvocationSummary): string {
  const { verb, pod, containerId, outcome, startedAt, durationUs, addresses } = invocation;
  const subject = pod ?? containerId?.slice(0, 12) ?? 'no container';
  const end = outcome === 'error' ? describeFailure(invocation) : (addresses?.join(', ') ?? 'ok');
  return `${verb} ${subject} at ${formatClock(startedAt)}, ${formatDuration(durationUs)}, ${end}`;
}
