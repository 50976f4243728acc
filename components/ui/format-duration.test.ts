import { describe, expect, test } from 'vitest';
import { formatDuration } from './format-duration.ts';

describe('a duration is said in the unit a person would use', () => {
  test.each([
    [0, '0 µs'],
    [180, '180 µs'],
    [4610, '4.61 ms'],
    [31_200, '31.2 ms'],
    [412_000, '412 ms'],
    [1_200_000, '1.20 s'],
    [185_000_000, '3 min 5 s'],
    [7_260_000_000, '2 h 1 min'],
    [180_000_000_000, '2 d 2 h'],
  ])('%i µs is %s', (durationUs, words) => {
    expect(formatDuration(durationUs)).toBe(words);
  });
});
