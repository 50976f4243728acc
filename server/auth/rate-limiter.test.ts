import { expect, test } from 'vitest';
import { RateLimiter } from './rate-limiter.ts';

test('a burst passes, then one at a time as the seconds go by, each address for itself', () => {
  let nowMs = 0;
  const limiter = new RateLimiter({ burst: 3, perSecond: 0.5 }, () => nowMs);
  const take = (count: number, key = 'a') => Array.from({ length: count }, () => limiter.take(key));
  expect(take(4)).toEqual([undefined, undefined, undefined, 2]);
  expect(take(1, 'b')).toEqual([undefined]);
  expect(limiter.peek('a')).toBe(2);
  nowMs += 2_000;
  expect(limiter.peek('a')).toBeUndefined();
  expect(take(2)).toEqual([undefined, 2]);
  nowMs += 3_600_000;
  expect(take(4)).toEqual([undefined, undefined, undefined, 2]);
});

test('a hundred thousand addresses are not a hundred thousand counters, and whoever keeps trying is not forgotten', () => {
  const limiter = new RateLimiter({ burst: 1, perSecond: 0.001 }, () => 0);
  limiter.take('stubborn');
  for (let number = 0; number < 100_000; number += 1) {
    limiter.take(`address ${number}`);
    if (number % 1_000 === 0) expect(limiter.take('stubborn')).toBe(1_000);
  }
  expect(limiter.size).toBe(10_000);
});
