import type { Invocation, InvocationStep } from '#model/cni/invocation-event.ts';

export type WaterfallRow = {
  readonly index: number;
  readonly step: InvocationStep;
  /** Left end of the bar, 0 to 1 of the whole. */
  readonly start: number;
  /** Width of the bar, 0 to 1 of the whole; never less than `MINIMUM_WIDTH`. */
  readonly width: number;
};

/** A step of a microsecond inside a second is still something that happened. */
export const MINIMUM_WIDTH = 0.012;

/** Steps of an invocation as bars on one common axis, from its start to whichever ends last: it or one of its steps. */
export function layoutWaterfall(invocation: Pick<Invocation, 'steps' | 'durationUs'>): readonly WaterfallRow[] {
  const endsUs = invocation.steps.map((step) => step.startUs + step.durationUs);
  const totalUs = Math.max(1, invocation.durationUs, ...endsUs);
  return invocation.steps.map((step, index) => {
    const width = Math.max(MINIMUM_WIDTH, step.durationUs / totalUs);
    return { index, step, start: Math.min(step.startUs / totalUs, 1 - width), width };
  });
}
