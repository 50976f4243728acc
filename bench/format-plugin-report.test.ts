import { expect, test } from 'vitest';
import { formatPluginReport } from './format-plugin-report.ts';
import type { ContenderMeasurement, PluginMeasurement } from './plugin-measurement.ts';

const describeContender = (id: string, ms: number, succeeded: number): ContenderMeasurement => ({
  id,
  title: id,
  rivalId: 'reference',
  addMs: [ms],
  delMs: [ms * 2.5],
  parallel: { requested: 100, succeeded, distinctAddresses: succeeded - 1, elapsedMs: 500 },
});

const measurement: PluginMeasurement = {
  rounds: 1,
  floorMs: [1],
  emptyMs: [5],
  profiles: { add: [{ part: 'veth.create', p50Ms: 0.5 }], del: [] },
  contenders: [describeContender('reference', 8, 100), describeContender('podwire', 4, 50)],
  crowds: [{ title: 'crowded plugin', pods: 250, emptyAddMs: [4, 5, 60], crowdedAddMs: [6, 7, 8] }],
  garbage: { attachments: 100, singleMs: [2_000], batchMs: [50] },
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

test('ADD beside many pods is compared with ADD on an empty bridge by the medians', () => {
  expect(readRow(formatPluginReport(measurement), 'crowded plugin').slice(2, 6)).toEqual([
    '250',
    '5.0',
    '7.0',
    '1.40×',
  ]);
});

test('one GC is compared with all single deletions together', () => {
  expect(readRow(formatPluginReport(measurement), '100  ').slice(2, 5)).toEqual(['2000.0', '50.0', '0.03×']);
});
