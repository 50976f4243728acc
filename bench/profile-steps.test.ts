import { expect, test } from 'vitest';
import { profileSteps } from './profile-steps.ts';

test('every part of a run is told, and the parts add up to the whole', () => {
  const run = {
    wallMs: 12,
    durationUs: 10_000,
    steps: [
      { name: 'config.parse', startUs: 4_000, durationUs: 500 },
      { name: 'veth.create', startUs: 5_000, durationUs: 3_000 },
    ],
  };
  const parts = profileSteps([run]);
  expect(parts).toEqual([
    { part: 'up to the first step', p50Ms: 4 },
    { part: 'config.parse', p50Ms: 0.5 },
    { part: 'veth.create', p50Ms: 3 },
    { part: 'between the steps', p50Ms: 2.5 },
    { part: "outside the plugin's clock", p50Ms: 2 },
  ]);
  expect(parts.reduce((sum, { p50Ms }) => sum + p50Ms, 0)).toBe(run.wallMs);
});
