import type { DurationSummary } from './summarize-durations.ts';

type Memory = { readonly nowMib: number; readonly mostMib: number };
type Counts = { readonly nodes: number; readonly pods: number; readonly wired: number };

export type CollectorMeasurement = {
  readonly batches: number;
  readonly batchEvents: number;
  readonly seconds: number;
  readonly hours: number;
  readonly nodes: number;
  readonly floor: Readonly<Record<'normal' | 'full', { readonly perSecond: number; readonly bytesPerEvent: number }>>;
  readonly flood: { readonly perSecond: number; readonly cpuUsPerEvent: number };
  readonly stream: DurationSummary & { readonly eventsPerSecond: number; readonly cores: number };
  readonly past: {
    readonly entries: number;
    readonly pods: number;
    readonly cluster: DurationSummary;
    readonly node: DurationSummary;
  };
  readonly scale: {
    readonly filled: { readonly counts: Counts; readonly memory: Memory };
    readonly readyMs: number;
    readonly counts: Counts;
    readonly afterRelist: Counts;
    readonly memory: Memory;
  };
};

const count = (value: number): string => Math.round(value).toLocaleString('en-US');
const milliseconds = (value: number): string => value.toFixed(1);

/** The tables of docs/performance.md, with the goals of each number beside it. */
export function formatCollectorReport(measured: CollectorMeasurement): string {
  const { floor, flood, stream, past, scale } = measured;
  const events = measured.batches * measured.batchEvents;
  const rows: readonly (readonly [string, string, string])[] = [
    [
      `${count(events)} invocations in batches of ${measured.batchEvents}, durable, per second`,
      count(flood.perSecond),
      '≥ 20,000',
    ],
    [
      'the same bytes into one table of SQLite, no HTTP, no checks, no index, per second',
      count(floor.normal.perSecond),
      'floor',
    ],
    ['the same, every transaction on the disk (synchronous = FULL), per second', count(floor.full.perSecond), '–'],
    ['share of the floor', `${((100 * flood.perSecond) / floor.normal.perSecond).toFixed(0)} %`, '–'],
    ["server's time on a core per invocation, threads included, µs", milliseconds(flood.cpuUsPerEvent), '–'],
    [
      `ingest to WebSocket at ${count(stream.eventsPerSecond)}/s for ${measured.seconds} s, p50 ms`,
      milliseconds(stream.p50Ms),
      '–',
    ],
    ['the same, p99 ms', milliseconds(stream.p99Ms), '≤ 50'],
    ['cores that the server used meanwhile', stream.cores.toFixed(2), '–'],
    [
      `\`/cluster?at=\`, ${past.pods} pods, ${count(past.entries)} entries in ${measured.hours} h, p50 ms`,
      milliseconds(past.cluster.p50Ms),
      '–',
    ],
    ['the same, p99 ms', milliseconds(past.cluster.p99Ms), '≤ 300'],
    ['`/nodes/{node}?at=`, 250 pods, p50 ms', milliseconds(past.node.p50Ms), '–'],
    ['the same, p99 ms', milliseconds(past.node.p99Ms), '≤ 300'],
    [
      `restart to ready with ${count(scale.counts.nodes)} nodes and ${count(scale.counts.pods)} pods, ms`,
      count(scale.readyMs),
      '≤ 2,000',
    ],
    ['resident memory after the list of all pods came again, MiB', count(scale.memory.nowMib), '≤ 1,536'],
    ['the most it ever was, MiB', count(Math.max(scale.memory.mostMib, scale.filled.memory.mostMib)), '≤ 1,536'],
  ];
  const table = rows.map(([what, value, goal]) => `| ${what} | ${value} | ${goal} |`);
  return [
    '| collector | measured | goal |',
    '| --- | ---: | ---: |',
    ...table,
    '',
    `One invocation has ${count(floor.normal.bytesPerEvent)} bytes. Tiles right after the restart: ${count(scale.counts.nodes)} nodes, ${count(scale.counts.pods)} pods, ${count(scale.counts.wired)} of them wired; before it: ${count(scale.filled.counts.wired)}.`,
  ].join('\n');
}
