import { expect, test } from 'vitest';
import { formatPluginReport } from './format-plugin-report.ts';
import type { ContenderMeasurement, PluginMeasurement } from './plugin-measurement.ts';

const describeContender = (id: string, ms: number, succeeded: number): ContenderMeasurement => ({
  id,
  title: id,
  addMs: [ms],
  delMs: [ms * 2.5],
  parallel: { requested: 100, succeeded, distinctAddresses: succeeded - 1, elapsedMs: 500 },
});

const measurement: PluginMeasurement = {
  rounds: 1,
  floorMs: [1],
  contenders: [describeContender('reference', 8, 100), describeContender('podwire', 4, 50)],
};

const readRow = (report: string, title: string): readonly string[] =>
  report
    .split('\n')
    .filter((line) => line.startsWith(`| ${title} `))
    .flatMap((line) => line.split('|').map((cell) => cell.trim()));

test('a plugin that adds a pod in half of the time of the reference has ratio 0.50', () => {
  expect(readRow(formatPluginReport(measurement), 'podwire').slice(1, 8)).toEqual([
    'podwire',
    '4.0',
    '4.0',
    '0.50×',
    '10.0',
    '10.0',
    '0.50×',
  ]);
});

test('parallel ADDs that failed do not count for the rate, and are said', () => {
  expect(readRow(formatPluginReport(measurement), 'podwire').slice(8, 12)).toEqual(['100', '0.50×', '50 of 100', '49']);
});

test('without the reference there is no report', () => {
  expect(() => formatPluginReport({ ...measurement, contenders: measurement.contenders.slice(1) })).toThrow(
    'reference',
  );
});
