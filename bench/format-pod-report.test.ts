import { expect, test } from 'vitest';
import { formatPodReport } from './format-pod-report.ts';

test('a pod that Podwire wires in half the time has a ratio below 1; what was not measured has no line', () => {
  const times = (factor: number) => ({
    runningMs: [600, 700, 900].map((ms) => ms * factor),
    sandboxMs: [100 * factor],
    crowdUpMs: [],
    crowdDownMs: [],
  });
  const report = formatPodReport({
    rounds: 1,
    podsPerRound: 3,
    crowd: 0,
    times: { podwire: times(0.5), reference: times(1) },
  });
  expect(report).toMatch(/one pod: created to Running +\| +350 \| +700 \| 0\.50×/);
  expect(report).not.toContain('a crowd:');
});
