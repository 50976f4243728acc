import type { InvocationStatistics, InvocationSummary } from './topology.ts';

export const STATISTICS_WINDOW_MINUTES = 15;

/**
 * Counts and ADD durations of the invocations that started in the window before `now`. Only ADDs that succeeded have a
 * duration worth ranking; percentiles are nearest-rank, absent without an ADD.
 */
export function measureInvocations(invocations: readonly InvocationSummary[], now: Date): InvocationStatistics {
  const from = now.getTime() - STATISTICS_WINDOW_MINUTES * 60_000;
  const recent = invocations.filter((each) => Date.parse(each.startedAt) >= from);
  const adds = recent.filter((each) => each.verb === 'ADD');
  const durations = adds
    .filter((each) => each.outcome === 'ok')
    .map((each) => each.durationUs)
    .sort((a, b) => a - b);
  const rank = (share: number) => durations[Math.max(0, Math.ceil(durations.length * share) - 1)];
  const addP50Us = rank(0.5);
  const addP99Us = rank(0.99);
  return {
    windowMinutes: STATISTICS_WINDOW_MINUTES,
    adds: adds.length,
    dels: recent.filter((each) => each.verb === 'DEL').length,
    failed: recent.filter((each) => each.outcome === 'error').length,
    ...(addP50Us !== undefined && { addP50Us }),
    ...(addP99Us !== undefined && { addP99Us }),
  };
}
