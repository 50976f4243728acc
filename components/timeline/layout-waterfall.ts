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

type Timed = Pick<Invocation, 'steps' | 'durationUs'>;

function measureTotal({ steps, durationUs }: Timed): number {
  return Math.max(1, durationUs, ...steps.map((step) => step.startUs + step.durationUs));
}

/** Microseconds from the start of the process to its first step, and as a share, 0 to 1, of the whole. */
export function measureProcessStart(invocation: Timed): { readonly startUs: number; readonly share: number } {
  const startUs = Math.min(...invocation.steps.map((step) => step.startUs));
  return Number.isFinite(startUs) ? { startUs, share: startUs / measureTotal(invocation) } : { startUs: 0, share: 0 };
}

/** Steps of an invocation as bars on one common axis, from its start to whichever ends last: it or one of its steps. */
export function layoutWaterfall(invocation: Timed): readonly WaterfallRow[] {
  const totalUs = measureTotal(invocation);
  return invocation.steps.map((step, index) => {
    const width = Math.max(MINIMUM_WIDTH, step.durationUs / totalUs);
    return { index, step, start: Math.min(step.startUs / totalUs, 1 - width), width };
  });
}
