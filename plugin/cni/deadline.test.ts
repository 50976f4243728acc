import { expect, it } from 'vitest';
import { DEFAULT_DEADLINE_MS, Deadline, readDeadlineMs } from './deadline.ts';

it('a quarter of the deadline is kept for taking back what was done', () => {
  let nowMs = 1000;
  const deadline = new Deadline(20_000, () => nowMs);
  expect(deadline.remainingMs()).toBe(14_000);
  nowMs = 16_000;
  expect(deadline.remainingMs()).toBe(1);
  expect(() => deadline.requireTimeFor('route.add')).toThrow(expect.objectContaining({ code: 11 }));
  deadline.beginUndo();
  expect(deadline.remainingMs()).toBe(4000);
});

it('the deadline is far from the kubelet’s two minutes, and a setting that is no number changes nothing', () => {
  expect(DEFAULT_DEADLINE_MS).toBeLessThan(60_000);
  expect(['', '0', '-5', '1e3', 'soon'].map((text) => readDeadlineMs({ PODWIRE_DEADLINE_MS: text }))).toEqual(
    Array.from({ length: 5 }, () => DEFAULT_DEADLINE_MS),
  );
  expect(readDeadlineMs({ PODWIRE_DEADLINE_MS: '1500' })).toBe(1500);
});
