import { expect, test } from 'vitest';
import type { AgentMeasurement } from './agent-measurement.ts';
import { formatAgentReport } from './format-agent-report.ts';

const measured: AgentMeasurement = {
  pods: 250,
  idleSeconds: 60,
  idleCpuMs: 240,
  rssBytes: 100e6,
  peakRssBytes: 110e6,
  readingsMs: [90, 80, 100],
  readingsCpuMs: [60, 50, 70],
  firstReadingMs: 700,
  changes: 200,
  changesCpuMs: 500,
  changesIdleCpuMs: 100,
  toolsMs: 9_000,
  toolsCpuMs: 8_000,
  toolPerChangeCpuMs: 2.5,
};

test('the report says each number in the unit of its goal', () => {
  const report = formatAgentReport(measured);
  expect(report).toContain('| 100 MB, 110 MB | 120 MB |');
  expect(report).toContain('| 0.40 % of a core | 0.5 % |');
  expect(report).toContain('| full reading, p50 of 3 | 90 ms | 150 ms | 9000 ms |');
  expect(report).toContain('| its CPU, p50 | 60 ms | | 8000 ms |');
  expect(report).toContain('| CPU for a changed link, mean of 200 | 2.00 ms | 5 ms | 2.50 ms |');
});
