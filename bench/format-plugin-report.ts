import { formatTable } from './format-table.ts';
import type {
  ContenderMeasurement,
  CrowdMeasurement,
  GarbageMeasurement,
  PluginMeasurement,
} from './plugin-measurement.ts';
import type { ProfilePart } from './profile-steps.ts';
import { summarizeDurations } from './summarize-durations.ts';

const formatMs = (ms: number): string => ms.toFixed(1);
const formatRatio = (ratio: number): string => `${ratio.toFixed(2)}×`;
const medianOf = (durationsMs: readonly number[]): number => summarizeDurations(durationsMs).p50Ms;

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

/**
 * Markdown tables, their columns padded so that they read well in a terminal, too. Ratios are of medians, to the rival
 * with the same demands.
 */
export function formatPluginReport(measurement: PluginMeasurement): string {
  const { contenders, rounds, floorMs, crowds, garbage, emptyMs, profiles } = measurement;
  const rows = [header, ...contenders.map((contender) => listCells(contender, findRival(contenders, contender)))];
  const floor = summarizeDurations(floorMs);
  return [
    ...formatTable(rows),
    '',
    `${rounds} interleaved rounds. Times are of whole processes, from spawn to exit; \`/bin/true\` in the same rounds: ` +
      `p50 ${formatMs(floor.p50Ms)} ms, p99 ${formatMs(floor.p99Ms)} ms. Ratios are of medians, to the reference with the same ` +
      'demands (the bash plugin: to the plain one); below 1 is faster, for the rate of parallel ADDs above 1 is faster.',
    '"addresses" counts the different ones among the parallel results. The bash plugin does nothing at DEL: it leaves the link to the end of the namespace.',
    '',
    ...formatTable([
      ['ADD beside many pods', 'pods on the bridge', 'empty p50 ms', 'crowded p50 ms', 'ratio'],
      ...crowds.map(listCrowdCells),
    ]),
    '',
    ...formatTable([['left-over attachments', 'one by one ms', 'one GC ms', 'ratio'], listGarbageCells(garbage)]),
    '',
    `Where the time of podwire's plain ADD and DEL goes, medians. An executable built the same way that does nothing: p50 ${formatMs(medianOf(emptyMs))} ms.`,
    '',
    ...formatTable([['part of ADD', 'p50 ms'], ...profiles.add.map(listPartCells)]),
    '',
    ...formatTable([['part of DEL', 'p50 ms'], ...profiles.del.map(listPartCells)]),
  ].join('\n');
}

function findRival(
  contenders: readonly ContenderMeasurement[],
  { rivalId }: ContenderMeasurement,
): ContenderMeasurement {
  const rival = contenders.find(({ id }) => id === rivalId);
  if (rival === undefined) throw new Error(`the rival ${rivalId} was not measured`);
  return rival;
}

const rateParallel = ({ parallel }: ContenderMeasurement): number => (parallel.succeeded * 1000) / parallel.elapsedMs;

function listCells(contender: ContenderMeasurement, rival: ContenderMeasurement): readonly string[] {
  const [add, del] = [summarizeDurations(contender.addMs), summarizeDurations(contender.delMs)];
  return [
    contender.title,
    formatMs(add.p50Ms),
    formatMs(add.p99Ms),
    formatRatio(add.p50Ms / medianOf(rival.addMs)),
    formatMs(del.p50Ms),
    formatMs(del.p99Ms),
    formatRatio(del.p50Ms / medianOf(rival.delMs)),
    rateParallel(contender).toFixed(0),
    formatRatio(rateParallel(contender) / rateParallel(rival)),
    `${contender.parallel.succeeded} of ${contender.parallel.requested}`,
    String(contender.parallel.distinctAddresses),
  ];
}

function listCrowdCells({ title, pods, emptyAddMs, crowdedAddMs }: CrowdMeasurement): readonly string[] {
  const [emptyMs, crowdedMs] = [medianOf(emptyAddMs), medianOf(crowdedAddMs)];
  return [title, String(pods), formatMs(emptyMs), formatMs(crowdedMs), formatRatio(crowdedMs / emptyMs)];
}

function listGarbageCells({ attachments, singleMs, batchMs }: GarbageMeasurement): readonly string[] {
  const [single, batch] = [medianOf(singleMs), medianOf(batchMs)];
  return [String(attachments), formatMs(single), formatMs(batch), formatRatio(batch / single)];
}

const listPartCells = ({ part, p50Ms }: ProfilePart): readonly string[] => [part, p50Ms.toFixed(2)];
