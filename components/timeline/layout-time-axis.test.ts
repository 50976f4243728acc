import { describe, expect, test } from 'vitest';
import { layoutTimeAxis } from './layout-time-axis.ts';
import { parseInstant } from './parse-instant.ts';

const startUs = parseInstant('2026-11-24T08:00:00Z');
const SECOND_US = 1_000_000;
const axisOf = (spanUs: number) => layoutTimeAxis({ startUs, endUs: startUs + spanUs }, 1000);

describe('the time axis', () => {
  test.each([
    ['a week', 7 * 86_400 * SECOND_US],
    ['a day', 86_400 * SECOND_US],
    ['15 minutes', 900 * SECOND_US],
    ['10 seconds', 10 * SECOND_US],
    ['a second', SECOND_US],
    ['5 milliseconds', 5000],
    ['10 microseconds', 10],
  ])('over %s has ticks from left to right, inside, each with a label of its own', (_, spanUs) => {
    const axis = axisOf(spanUs);
    expect(axis.length).toBeGreaterThanOrEqual(2);
    expect(axis.length).toBeLessThanOrEqual(20);
    expect(axis.map(({ xPx }) => xPx)).toEqual(axis.map(({ xPx }) => xPx).toSorted((a, b) => a - b));
    expect(axis.every(({ xPx }) => xPx >= -1 && xPx <= 1001)).toBe(true);
    expect(new Set(axis.map(({ label }) => label)).size).toBe(axis.length);
  });

  test('over 15 minutes says hours and minutes, over 10 microseconds every digit', () => {
    expect(axisOf(900 * SECOND_US)[0]?.label).toMatch(/^\d\d:\d\d$/);
    expect(axisOf(10)[1]?.label).toMatch(/^\d\d:\d\d:\d\d\.\d{6}$/);
  });
});
