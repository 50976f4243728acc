import { describe, expect, test } from 'vitest';
import { layoutWaterfall, MINIMUM_WIDTH, measureProcessStart } from './layout-waterfall.ts';

const step = (name: string, startUs: number, durationUs: number) =>
  ({ name, startUs, durationUs, outcome: 'ok' }) as const;

describe('the waterfall of one invocation', () => {
  test('a step that takes half the time is half as wide as the whole', () => {
    const rows = layoutWaterfall({ durationUs: 1000, steps: [step('veth.create', 250, 500)] });
    expect(rows[0]).toMatchObject({ start: 0.25, width: 0.5 });
  });

  test('a step too short to see still has a bar, and the bar stays inside', () => {
    const rows = layoutWaterfall({ durationUs: 1_000_000, steps: [step('result.print', 1_000_000, 0)] });
    expect(rows[0]?.width).toBe(MINIMUM_WIDTH);
    expect((rows[0]?.start ?? 0) + MINIMUM_WIDTH).toBeLessThanOrEqual(1);
  });

  test('a step that ends after the invocation was measured widens the axis', () => {
    const rows = layoutWaterfall({ durationUs: 100, steps: [step('ipam.reserve', 0, 200)] });
    expect(rows[0]).toMatchObject({ start: 0, width: 1 });
  });

  test('the time before the first step is told apart from the steps', () => {
    const steps = [step('config.parse', 400, 100), step('netns.open', 500, 100)];
    expect(measureProcessStart({ durationUs: 1000, steps })).toEqual({ startUs: 400, share: 0.4 });
    expect(measureProcessStart({ durationUs: 1000, steps: [] })).toEqual({ startUs: 0, share: 0 });
  });

  test('an invocation that failed before its first step has no rows', () => {
    expect(layoutWaterfall({ durationUs: 0, steps: [] })).toEqual([]);
  });
});
