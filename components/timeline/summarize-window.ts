import type { InvocationSummary } from '#model/topology/topology.ts';
import { parseInstant } from './parse-instant.ts';
import type { TimeWindow } from './time-window.ts';

export type WindowStatistics = {
  readonly total: number;
  readonly adds: number;
  readonly dels: number;
  readonly others: number;
  readonly failed: number;
  /** Durations of the ADDs that succeeded; absent where there is none. */
  readonly addP50Us?: number;
  readonly addP99Us?: number;
};

function hasBegun({ startedAt }: InvocationSummary, { startUs, endUs }: TimeWindow): boolean {
  const instantUs = parseInstant(startedAt);
  return instantUs >= startUs && instantUs <= endUs;
}

/** The failure in the window that began last. */
export function findNewestFailure(
  invocations: readonly InvocationSummary[],
  window: TimeWindow,
): InvocationSummary | undefined {
  return invocations
    .filter((invocation) => invocation.outcome === 'error' && hasBegun(invocation, window))
    .toSorted((a, b) => parseInstant(b.startedAt) - parseInstant(a.startedAt))[0];
}

/** Nearest rank, as the collector has it for a node: always a duration that an ADD really took. */
function findRank(sortedUs: readonly number[], share: number): number | undefined {
  return sortedUs[Math.max(0, Math.ceil(sortedUs.length * share) - 1)];
}

/** Counts what began inside the window. `adds`, `dels` and `others` add up to `total`; `failed` is a part of them. */
export function summarizeWindow(invocations: readonly InvocationSummary[], window: TimeWindow): WindowStatistics {
  const inside = invocations.filter((invocation) => hasBegun(invocation, window));
  const adds = inside.filter(({ verb }) => verb === 'ADD');
  const dels = inside.filter(({ verb }) => verb === 'DEL');
  const durations = adds
    .filter(({ outcome }) => outcome === 'ok')
    .map(({ durationUs }) => durationUs)
    .toSorted((a, b) => a - b);
  const [addP50Us, addP99Us] = [findRank(durations, 0.5), findRank(durations, 0.99)];
  return {
    total: inside.length,
    adds: adds.length,
    dels: dels.length,
    others: inside.length - adds.length - dels.length,
    failed: inside.filter(({ outcome }) => outcome === 'error').length,
    ...(addP50Us === undefined ? {} : { addP50Us }),
    ...(addP99Us === undefined ? {} : { addP99Us }),
  };
}
