import { expect, test } from 'vitest';
import { summarizeDurations } from './summarize-durations.ts';

test('p50 and p99 of a hundred durations are the 50th and the 99th of them in order', () => {
  const shuffled = Array.from({ length: 100 }, (_, place) => ((place * 37) % 100) + 1);
  expect(summarizeDurations(shuffled)).toEqual({ count: 100, p50Ms: 50, p99Ms: 99 });
});

test('a single duration is its own median and its own p99', () => {
  expect(summarizeDurations([4.2])).toEqual({ count: 1, p50Ms: 4.2, p99Ms: 4.2 });
});

test('no durations at all are an error, not a zero', () => {
  expect(() => summarizeDurations([])).toThrow('no durations');
});
