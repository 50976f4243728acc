import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { ServerProcess } from '#server/testing/server-process.ts';
import { ClusterDouble } from './cluster-double.ts';
import type { LoadOrder } from './collector-load.ts';
import { describeMachine } from './describe-machine.ts';
import { type CollectorMeasurement, formatCollectorReport } from './format-collector-report.ts';
import { type RecordedNode, recordNode } from './record-node.ts';
import { replaceSection } from './replace-section.ts';
import { summarizeDurations } from './summarize-durations.ts';
import { varyNode } from './vary-node.ts';
import { writeDay } from './write-day.ts';

const BATCH_EVENTS = 500;
const DAY_MS = 86_400_000;
const JUMPS = 150;

type Bench = {
  readonly folder: string;
  readonly small: RecordedNode;
  readonly smallPath: string;
  readonly podwire: string;
};
type Sizes = {
  readonly batches: number;
  readonly nodes: number;
  readonly seconds: number;
  readonly hours: number;
};

/**
 * `npm run bench -- collector [--batches 400] [--nodes 5000] [--seconds 30] [--hours 24] [--only flood|scale] [--write]`
 *
 * Measures the real server in a process of its own, under the load of another process, with what a real node's plugin and
 * kernel said; beside it, what SQLite alone takes of the same bytes. `--write` puts the report into docs/performance.md.
 */
export async function runCollectorBench(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      batches: { type: 'string', default: '400' },
      nodes: { type: 'string', default: '5000' },
      seconds: { type: 'string', default: '30' },
      hours: { type: 'string', default: '24' },
      only: { type: 'string' },
      write: { type: 'boolean', default: false },
    },
  });
  const root = resolve(import.meta.dirname, '..');
  const podwire = join(root, 'dist/podwire');
  if (!existsSync(podwire)) {
    process.stderr.write(`${podwire} is missing: npm run build\n`);
    return 1;
  }
  const { batches, nodes, seconds, hours } = values;
  const sizes = { batches: Number(batches), nodes: Number(nodes), seconds: Number(seconds), hours: Number(hours) };
  const machine = describeMachine();
  const folder = mkdtempSync(join(tmpdir(), 'podwire-bench-'));
  try {
    tellProgress('recording a node of 30 pods');
    const smallPath = join(folder, 'node30.json');
    const small = recordNode(podwire, 30);
    writeFileSync(smallPath, JSON.stringify(small));
    const bench = { folder, small, smallPath, podwire };
    if (values.only !== undefined) {
      process.stdout.write(`${JSON.stringify(await measurePart(bench, sizes, values.only))}\n`);
      return 0;
    }
    const report = formatCollectorReport(await measure(bench, sizes));
    process.stdout.write(`${machine}\n\n${report}\n`);
    if (values.write) {
      const path = join(root, 'docs/performance.md');
      const command = `npm run bench -- collector --batches ${batches} --nodes ${nodes} --seconds ${seconds} --hours ${hours} --write`;
      const section = `\`${command}\` on ${machine}:\n\n${report}`;
      writeFileSync(path, replaceSection(readFileSync(path, 'utf8'), 'bench:collector', section));
    }
    return 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One part by itself, for whoever works on it: its bare numbers. */
const measurePart = (bench: Bench, sizes: Sizes, part: string): Promise<object> =>
  part === 'flood' ? measureFlood(bench, sizes) : measureScale(bench, sizes);

async function measure(bench: Bench, sizes: Sizes): Promise<CollectorMeasurement> {
  const floor = {
    normal: await measureFloor(bench, sizes, 'NORMAL'),
    full: await measureFloor(bench, sizes, 'FULL'),
  };
  return {
    ...sizes,
    batchEvents: BATCH_EVENTS,
    floor,
    flood: await measureFlood(bench, sizes),
    stream: await measureStream(bench, sizes),
    past: await measurePast(bench, sizes),
    scale: await measureScale(bench, sizes),
  };
}

async function measureFloor(bench: Bench, { batches }: Sizes, synchronous: 'NORMAL' | 'FULL') {
  tellProgress(`SQLite alone, synchronous = ${synchronous}`);
  const path = join(bench.folder, `floor-${synchronous}.db`);
  const events = batches * BATCH_EVENTS;
  const run = await load(bench, { kind: 'floor', path, events, batchEvents: BATCH_EVENTS, synchronous });
  rmSync(path);
  return { perSecond: events / run.seconds, bytesPerEvent: run.bytesPerEvent };
}

async function measureFlood(bench: Bench, { batches }: Sizes) {
  tellProgress('invocations as fast as they are taken');
  await using server = await ServerProcess.start(makeFolder(bench, 'flood'));
  const beforeSeconds = server.readCpuSeconds();
  const { socketPath } = server;
  const run = await load(bench, { kind: 'flood', socketPath, batches, batchEvents: BATCH_EVENTS });
  const events = batches * BATCH_EVENTS;
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  const stored = Number(/^podwire_stored_invocations (\d+)/m.exec(metrics)?.[1]);
  if (stored !== events) throw new Error(`${stored} of ${events} invocations were stored`);
  return { perSecond: events / run.seconds, cpuUsPerEvent: ((server.readCpuSeconds() - beforeSeconds) * 1e6) / events };
}

async function measureStream(bench: Bench, { seconds }: Sizes) {
  const [nodes, eventsPerSecond] = [100, 2_000];
  tellProgress(`${eventsPerSecond} invocations a second for ${seconds} s`);
  await using server = await ServerProcess.start(makeFolder(bench, 'stream'));
  const { socketPath, url } = server;
  await load(bench, { kind: 'nodes', socketPath, nodes });
  const beforeSeconds = server.readCpuSeconds();
  const run = await load(bench, { kind: 'stream', socketPath, url, nodes, eventsPerSecond, seconds });
  if (run.lost > 0) throw new Error(`${run.lost} invocations did not come to the browser`);
  return {
    ...summarizeDurations(run.durationsMs),
    eventsPerSecond: run.eventsPerSecond,
    cores: (server.readCpuSeconds() - beforeSeconds) / seconds,
  };
}

async function measurePast(bench: Bench, { hours }: Sizes) {
  tellProgress(`recording a node of 250 pods, and writing ${hours} h of two such nodes`);
  const folder = makeFolder(bench, 'past');
  const toMs = Date.now() - 60_000;
  const fromMs = toMs - (DAY_MS * hours) / 24;
  const entries = await writeDay(recordNode(bench.podwire, 250), folder, { fromMs, toMs, nodes: 2 });
  await using server = await ServerProcess.start(folder);
  const durationsMs: { cluster: number[]; node: number[] } = { cluster: [], node: [] };
  let pods = 0;
  for (let jump = 0; jump < JUMPS; jump += 1) {
    // Spread over the day, never twice the same, in no order.
    const at = new Date(fromMs + 60_000 + ((jump * 0.618_034) % 1) * (toMs - fromMs - 60_000)).toISOString();
    for (const [kind, path] of [
      ['cluster', '/api/v1/cluster'],
      ['node', '/api/v1/nodes/node1'],
    ] as const) {
      const beganMs = performance.now();
      const body = (await server.getJson(`${path}?at=${at}`)) as { cluster?: { cluster?: { podCount: number } } };
      durationsMs[kind].push(performance.now() - beganMs);
      pods = body.cluster?.cluster?.podCount ?? pods;
    }
  }
  return {
    entries,
    pods,
    cluster: summarizeDurations(durationsMs.cluster),
    node: summarizeDurations(durationsMs.node),
  };
}

async function measureScale(bench: Bench, { nodes }: Sizes) {
  tellProgress(`${nodes} nodes, ${nodes * bench.small.adds.length} pods`);
  const folder = makeFolder(bench, 'scale');
  await using double = new ClusterDouble(Array.from({ length: nodes }, (_, place) => varyNode(bench.small, place)));
  const kubeConfig = await double.listen(folder);
  const filled = await fillScale(bench, { folder, kubeConfig, nodes });
  await using server = await ServerProcess.start(folder, { settings: { KUBECONFIG: kubeConfig } });
  const counts = await readCounts(server);
  // The list of all pods comes again after a start and must not be what breaks the bound.
  await sleep(30_000);
  const afterRelist = await readCounts(server);
  return { filled, readyMs: server.readyMs, counts, afterRelist, memory: server.readMemory() };
}

/** Every node's snapshot and invocations, and all objects of the cluster; until every tile has its pods. */
async function fillScale(bench: Bench, given: { folder: string; kubeConfig: string; nodes: number }) {
  await using server = await ServerProcess.start(given.folder, { settings: { KUBECONFIG: given.kubeConfig } });
  await load(bench, { kind: 'nodes', socketPath: server.socketPath, nodes: given.nodes });
  const expected = given.nodes * bench.small.adds.length;
  for (let waits = 0; waits < 600; waits += 1) {
    const counts = await readCounts(server);
    if (counts.nodes === given.nodes && counts.pods === expected && counts.wired === expected) break;
    await sleep(2_000);
  }
  return { counts: await readCounts(server), memory: server.readMemory() };
}

async function readCounts(server: ServerProcess) {
  type Tiles = Record<string, { readonly pods: { readonly total: number; readonly wired: number } }>;
  const { cluster, nodes } = (await server.getJson('/api/v1/cluster')) as {
    readonly cluster: { readonly cluster: { readonly nodeCount: number; readonly podCount: number } };
    readonly nodes: Tiles;
  };
  const wired = Object.values(nodes).reduce((sum, { pods }) => sum + pods.wired, 0);
  return { nodes: cluster.cluster.nodeCount, pods: cluster.cluster.podCount, wired };
}

type LoadResult = {
  readonly seconds: number;
  readonly bytesPerEvent: number;
  readonly durationsMs: readonly number[];
  readonly lost: number;
  readonly eventsPerSecond: number;
};

async function load({ smallPath }: Bench, order: LoadOrder): Promise<LoadResult> {
  const script = join(import.meta.dirname, 'collector-load.ts');
  const child = spawn(process.execPath, [script, smallPath, JSON.stringify(order)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`the load ended with ${code}`);
  return JSON.parse(said) as LoadResult;
}

function makeFolder({ folder }: Bench, name: string): string {
  const path = join(folder, name);
  mkdirSync(path);
  return path;
}

function tellProgress(text: string): void {
  process.stderr.write(`  ${text}\n`);
}
