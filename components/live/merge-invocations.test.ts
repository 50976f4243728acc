import { describe, expect, test } from 'vitest';
import type { InvocationSummary } from '#model/topology/topology.ts';
import { KEPT_INVOCATIONS, mergeInvocations } from './merge-invocations.ts';

const make = (index: number): InvocationSummary => ({
  id: String(index).padStart(6, '0'),
  node: 'k8s-node01',
  verb: 'ADD',
  mode: 'bridge',
  outcome: 'ok',
  startedAt: new Date(1_800_000_000_000 + index).toISOString(),
  durationUs: 4000,
  stepCount: 9,
});

describe('a long run of invocations', () => {
  test('keeps the newest and counts the rest, so that the numbers add up', () => {
    const total = KEPT_INVOCATIONS + 250;
    const all = Array.from({ length: total }, (_, index) => make(index));
    const first = mergeInvocations({ invocations: [], olderCount: 40 }, all.slice(0, 3000));
    const merged = mergeInvocations(first, all.slice(3000));
    expect(merged.invocations).toHaveLength(KEPT_INVOCATIONS);
    expect(merged.invocations.length + merged.olderCount).toBe(total + 40);
    expect(merged.invocations[0]?.id).toBe('000250');
  });

  test('is the same list when nothing new came', () => {
    const list = { invocations: [make(1)], olderCount: 0 };
    expect(mergeInvocations(list, [make(1)])).toBe(list);
  });
});
