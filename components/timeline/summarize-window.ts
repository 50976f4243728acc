import { quantileSorted } from 'd3-array';
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

/** Counts what began inside the window. `adds`, `dels` and `others` add up to `total`; `failed` is a part of them. */
export function summarizeWindow(invocations: readonly InvocationSummary[], window: TimeWindow): WindowStatistics {
  const inside = invocations.filter(({ startedAt }) => {
    const startUs = parseInstant(startedAt);
    return startUs >= window.startUs && startUs <= window.endUs;
  });
  const adds = inside.filter(({ verb }) => verb === 'ADD');
  const dels = inside.filter(({ verb }) => verb === 'DEL');
  const durations = adds
    .filter(({ outcome }) => outcome === 'ok')
    .map(({ durationUs }) => durationUs)
    .toSorted((a, b) => a - b);
  const [addP50Us, addP99Us] = [quantileSorted(durations, 0.5), quantileSorted(durations, 0.99)];
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
