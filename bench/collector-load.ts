import { readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { BatchPoster, packBatch } from './post-batch.ts';
import type { RecordedNode } from './record-node.ts';
import { repeatInvocation, reverseInvocation, type VariedNode, varyNode } from './vary-node.ts';

/**
 * The load of the collector's benchmark, a process of its own: what it costs is not the server's. Told what to do by its
 * arguments, prints one line of JSON.
 */
export type LoadOrder =
  | { readonly kind: 'flood'; readonly socketPath: string; readonly batches: number; readonly batchEvents: number }
  | {
      readonly kind: 'floor';
      readonly path: string;
      readonly events: number;
      readonly batchEvents: number;
      readonly synchronous: string;
    }
  | { readonly kind: 'nodes'; readonly socketPath: string; readonly nodes: number }
  | {
      readonly kind: 'stream';
      readonly socketPath: string;
      readonly url: string;
      readonly nodes: number;
      readonly eventsPerSecond: number;
      readonly seconds: number;
    };

const CONNECTIONS = 4;
const WARM_UP_MS = 5_000;

/** ADDs and DELs by turns, so that what is plugged in does not grow. */
function* churn(node: VariedNode): Generator<ReturnType<typeof repeatInvocation>> {
  for (;;) {
    for (const add of node.adds) {
      yield reverseInvocation(add, new Date());
      yield repeatInvocation(add, new Date());
    }
  }
}

function take<T>(source: Iterator<T>, count: number): T[] {
  return Array.from({ length: count }, () => source.next().value as T);
}

async function flood(recorded: RecordedNode, order: Extract<LoadOrder, { kind: 'flood' }>): Promise<object> {
  const sources = Array.from({ length: 100 }, (_, place) => varyNode(recorded, place));
  const churns = sources.map(churn);
  const bodies = Array.from({ length: order.batches }, (_, place) => {
    const at = place % sources.length;
    const events = take(churns[at] ?? churn(sources[0] as VariedNode), order.batchEvents);
    return packBatch(
      `node${at}`,
      1 + place,
      events.map((event) => ({ type: 'invocation', event })),
    );
  });
  using poster = new BatchPoster(order.socketPath, CONNECTIONS);
  const beganMs = performance.now();
  await poster.postAll(bodies, CONNECTIONS);
  return { seconds: (performance.now() - beganMs) / 1_000 };
}

/** What SQLite alone takes: the same bytes, the same transactions, one table and nothing else. */
function measureFloor(recorded: RecordedNode, order: Extract<LoadOrder, { kind: 'floor' }>): object {
  const source = churn(varyNode(recorded, 0));
  const lines = take(source, order.batchEvents).map((event) => JSON.stringify({ type: 'invocation', event }));
  const database = new DatabaseSync(order.path);
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${order.synchronous};`);
  database.exec('CREATE TABLE line (seq INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT');
  const insert = database.prepare('INSERT INTO line (body) VALUES (?)');
  const beganMs = performance.now();
  for (let done = 0; done < order.events; done += lines.length) {
    database.exec('BEGIN IMMEDIATE');
    for (const line of lines) insert.run(line);
    database.exec('COMMIT');
  }
  const seconds = (performance.now() - beganMs) / 1_000;
  database.close();
  return { seconds, bytesPerEvent: lines.reduce((sum, line) => sum + line.length, 0) / lines.length };
}

async function postNodes(recorded: RecordedNode, order: Extract<LoadOrder, { kind: 'nodes' }>): Promise<object> {
  using poster = new BatchPoster(order.socketPath, CONNECTIONS);
  const pack = function* () {
    for (let place = 0; place < order.nodes; place += 1) {
      const node = varyNode(recorded, place);
      yield packBatch(node.name, 1, [
        { type: 'kernel.snapshot', snapshot: node.snapshot },
        ...node.adds.map((add) => ({ type: 'invocation', event: repeatInvocation(add, new Date()) }) as const),
      ]);
    }
  };
  const beganMs = performance.now();
  await poster.postAll(pack(), CONNECTIONS);
  return { seconds: (performance.now() - beganMs) / 1_000, snapshotBytes: JSON.stringify(recorded.snapshot).length };
}

async function openSubscriptions(url: string, heard: (id: string) => void): Promise<WebSocket> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/api/v1/live`);
  socket.addEventListener('message', ({ data }) => {
    const message = JSON.parse(String(data)) as { type: string; invocations?: { id: string }[] };
    if (message.type === 'invocations') for (const { id } of message.invocations ?? []) heard(id);
  });
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve, { once: true });
    socket.addEventListener('error', reject, { once: true });
  });
  const views = [
    { kind: 'cluster' },
    { kind: 'invocations' },
    { kind: 'node', node: 'node0' },
    { kind: 'node', node: 'node1' },
  ];
  for (const [place, view] of views.entries())
    socket.send(JSON.stringify({ type: 'subscribe', id: `v${place}`, view }));
  return socket;
}

/** Each node posts five times a second; every event is timed from before its batch is packed until the browser has it. */
async function stream(recorded: RecordedNode, order: Extract<LoadOrder, { kind: 'stream' }>): Promise<object> {
  const sentMs = new Map<string, number>();
  const durationsMs: number[] = [];
  let countedFromMs = 0;
  const socket = await openSubscriptions(order.url, (id) => {
    const sent = sentMs.get(id);
    if (sent === undefined) return;
    if (sent >= countedFromMs) durationsMs.push(performance.now() - sent);
    sentMs.delete(id);
  });
  using poster = new BatchPoster(order.socketPath, 32);
  const intervalMs = 200;
  const perBatch = (order.eventsPerSecond / order.nodes) * (intervalMs / 1_000);
  const beganMs = performance.now();
  countedFromMs = beganMs + WARM_UP_MS;
  const untilMs = countedFromMs + order.seconds * 1_000;
  const run = async (place: number) => {
    const source = churn(varyNode(recorded, place));
    let dueMs = beganMs + (place / order.nodes) * intervalMs;
    for (let sequence = 2; dueMs < untilMs; sequence += 1, dueMs += intervalMs) {
      await sleep(Math.max(0, dueMs - performance.now()));
      const events = take(source, perBatch);
      const nowMs = performance.now();
      for (const event of events) sentMs.set(event.id, nowMs);
      await poster.post(
        packBatch(
          `node${place}`,
          sequence,
          events.map((event) => ({ type: 'invocation', event })),
        ),
      );
    }
  };
  await Promise.all(Array.from({ length: order.nodes }, (_, place) => run(place)));
  const tookMs = performance.now() - countedFromMs;
  for (let waits = 0; sentMs.size > 0 && waits < 500; waits += 1) await sleep(10);
  socket.close();
  return { durationsMs, lost: sentMs.size, eventsPerSecond: durationsMs.length / (tookMs / 1_000) };
}

const [recordedPath = '', text = ''] = process.argv.slice(2);
const recorded = JSON.parse(readFileSync(recordedPath, 'utf8')) as RecordedNode;
const order = JSON.parse(text) as LoadOrder;
const result =
  order.kind === 'flood'
    ? await flood(recorded, order)
    : order.kind === 'floor'
      ? measureFloor(recorded, order)
      : order.kind === 'nodes'
        ? await postNodes(recorded, order)
        : await stream(recorded, order);
process.stdout.write(JSON.stringify(result));
