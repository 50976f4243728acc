import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { recordNode } from './record-node.ts';
import { ServerProcess } from './server-process.ts';
import { summarizeDurations } from './summarize-durations.ts';

const rec = '/tmp/rec/node30.json';
if (!existsSync(rec)) writeFileSync(rec, JSON.stringify(recordNode('/tmp/wt/store/dist/podwire', 30)));
async function load(order: object): Promise<any> {
  const c = spawn(process.execPath, ['bench/collector-load.ts', rec, JSON.stringify(order)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  c.stdout.on('data', (d) => (out += d));
  await once(c, 'close');
  return JSON.parse(out);
}
const what = process.argv[2];
const dir = process.argv[3] ?? mkdtempSync('/tmp/pwb-');
console.log(dir);
if (what === 'flood') {
  await using s = await ServerProcess.start(dir);
  const c0 = s.readCpuSeconds();
  const r = await load({ kind: 'flood', socketPath: s.socketPath, batches: 200, batchEvents: 500 });
  console.log(r, 100000 / r.seconds, s.readMemory(), 'cpu us/event', (s.readCpuSeconds() - c0) * 10);
}
if (what === 'floor')
  for (const synchronous of ['NORMAL', 'FULL']) {
    const r = await load({
      kind: 'floor',
      path: dir + '/' + synchronous,
      events: 100000,
      batchEvents: 500,
      synchronous,
    });
    console.log(synchronous, r, 100000 / r.seconds);
  }
if (what === 'nodes') {
  await using s = await ServerProcess.start(dir);
  const r = await load({ kind: 'nodes', socketPath: s.socketPath, nodes: Number(process.argv[4] ?? 5000) });
  console.log(r, s.readMemory());
  const t = performance.now();
  const c: any = await s.getJson('/api/v1/cluster');
  console.log(c.cluster, performance.now() - t);
}
if (what === 'start') {
  await using s = await ServerProcess.start(dir);
  console.log('ready', s.readyMs, s.readMemory());
  const t = performance.now();
  const c: any = await s.getJson('/api/v1/cluster');
  console.log(c.cluster, performance.now() - t, s.readMemory());
}
if (what === 'stream') {
  await using s = await ServerProcess.start(dir);
  await load({ kind: 'nodes', socketPath: s.socketPath, nodes: 100 });
  const c0 = s.readCpuSeconds();
  const r = await load({
    kind: 'stream',
    socketPath: s.socketPath,
    url: s.url,
    nodes: 100,
    eventsPerSecond: 2000,
    seconds: Number(process.argv[4] ?? 15),
  });
  const d = summarizeDurations(r.durationsMs);
  console.log(
    d,
    Math.max(...r.durationsMs),
    r.lost,
    r.eventsPerSecond,
    s.readMemory(),
    'cores',
    (s.readCpuSeconds() - c0) / Number(process.argv[4] ?? 15),
  );
}
