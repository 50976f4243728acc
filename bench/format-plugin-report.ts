import { referenceId } from './contenders.ts';
import type { ContenderMeasurement, PluginMeasurement } from './plugin-measurement.ts';
import { summarizeDurations } from './summarize-durations.ts';

const formatMs = (ms: number): string => ms.toFixed(1);
const formatRatio = (ratio: number): string => `${ratio.toFixed(2)}×`;

const header = [
  'plugin',
  'ADD p50 ms',
  'ADD p99 ms',
  'ADD ratio',
  'DEL p50 ms',
  'DEL p99 ms',
  'DEL ratio',
  'parallel ADDs/s',
  'parallel ratio',
  'succeeded',
  'addresses',
];

/** A Markdown table, its columns padded so that it reads well in a terminal, too. Ratios are of medians, to the reference. */
export function formatPluginReport(measurement: PluginMeasurement): string {
  const reference = measurement.contenders.find(({ id }) => id === referenceId);
  if (reference === undefined) throw new Error('the reference was not measured');
  const rows = [header, ...measurement.contenders.map((contender) => listCells(contender, reference))];
  const floor = summarizeDurations(measurement.floorMs);
  return [
    ...formatTable(rows),
    '',
    `${measurement.rounds} interleaved rounds. Times are of whole processes, from spawn to exit; \`/bin/true\` in the same rounds: ` +
      `p50 ${formatMs(floor.p50Ms)} ms, p99 ${formatMs(floor.p99Ms)} ms. Ratios are of medians, to the first line; below 1 is faster, ` +
      'for the rate of parallel ADDs above 1 is faster.',
    '"addresses" counts the different ones among the parallel results. The bash plugin does nothing at DEL: it leaves the link to the end of the namespace.',
  ].join('\n');
}

const rateParallel = ({ parallel }: ContenderMeasurement): number => (parallel.succeeded * 1000) / parallel.elapsedMs;

function listCells(contender: ContenderMeasurement, reference: ContenderMeasurement): readonly string[] {
  const [add, del] = [summarizeDurations(contender.addMs), summarizeDurations(contender.delMs)];
  const [referenceAdd, referenceDel] = [summarizeDurations(reference.addMs), summarizeDurations(reference.delMs)];
  return [
    contender.title,
    formatMs(add.p50Ms),
    formatMs(add.p99Ms),
    formatRatio(add.p50Ms / referenceAdd.p50Ms),
    formatMs(del.p50Ms),
    formatMs(del.p99Ms),
    formatRatio(del.p50Ms / referenceDel.p50Ms),
    rateParallel(contender).toFixed(0),
    formatRatio(rateParallel(contender) / rateParallel(reference)),
    `${contender.parallel.succeeded} of ${contender.parallel.requested}`,
    String(contender.parallel.distinctAddresses),
  ];
}

function formatTable(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = header.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const formatRow = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`;
  const rule = `| ${widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return [formatRow(rows[0] ?? []), rule, ...rows.slice(1).map(formatRow)];
}
