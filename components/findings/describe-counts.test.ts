import { expect, test } from 'vitest';
import { describeCounts, sumCounts, worstOf } from './describe-counts.ts';

test('what is wrong on several nodes is counted by severity, and the worst stands for all', () => {
  const sum = sumCounts([
    { error: 0, warning: 1, notice: 0 },
    { error: 0, warning: 1, notice: 1 },
  ]);
  expect(describeCounts(sum)).toBe('2 warnings, 1 notice');
  expect(worstOf(sum)).toBe('warning');
  expect(worstOf(sumCounts([]))).toBeUndefined();
});
