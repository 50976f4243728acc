import { describe, expect, test } from 'vitest';
import type { InvocationSummary } from '#model/topology/topology.ts';
import { parseInstant } from './parse-instant.ts';
import { summarizeWindow } from './summarize-window.ts';

const startUs = parseInstant('2026-11-24T08:00:00Z');
const window = { startUs, endUs: startUs + 60_000_000 };

const invoke = (second: number, change: Partial<InvocationSummary> = {}): InvocationSummary => ({
  id: `${second}`,
  node: 'k8s-node01',
  verb: 'ADD',
  mode: 'bridge',
  outcome: 'ok',
  startedAt: new Date(startUs / 1000 + second * 1000).toISOString(),
  durationUs: 4000,
  stepCount: 9,
  ...change,
});

describe('the numbers above the timeline', () => {
  test('count what began in the window, and add up', () => {
    const list = [invoke(-1), invoke(1), invoke(2, { verb: 'DEL' }), invoke(3, { verb: 'CHECK' }), invoke(61)];
    expect(summarizeWindow(list, window)).toMatchObject({ total: 3, adds: 1, dels: 1, others: 1, failed: 0 });
  });

  test('rank durations that ADDs really took, and leave the time of a failed one out', () => {
    const list = [invoke(1), invoke(2, { durationUs: 6000 }), invoke(3, { outcome: 'error', durationUs: 900_000 })];
    expect(summarizeWindow(list, window)).toMatchObject({ failed: 1, addP50Us: 4000, addP99Us: 6000 });
  });

  test('have no duration where no ADD succeeded', () => {
    expect(summarizeWindow([invoke(1, { verb: 'DEL' })], window)).not.toHaveProperty('addP50Us');
  });
});
