import { afterAll, beforeAll, expect, test } from 'vitest';
import { formatMoment } from './format-moment.ts';

const zone = process.env.TZ;
beforeAll(() => {
  process.env.TZ = 'Asia/Tokyo';
});
afterAll(() => {
  if (zone === undefined) delete process.env.TZ;
  else process.env.TZ = zone;
});

test('a moment of another day has the date of the same place as its clock, one of today none', () => {
  const now = new Date('2026-11-25T16:00:00Z');
  expect(formatMoment('2026-11-24T16:30:05.000Z', now)).toBe('2026-11-25 01:30:05');
  expect(formatMoment('2026-11-25T15:30:05.000Z', now)).toBe('00:30:05');
});
