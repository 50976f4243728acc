import pino from 'pino';
import { expect, test } from 'vitest';
import { CLUSTER_STREAM, type EntryBody } from '#model/log/log-entry.ts';
import { buildClusterNode, buildSnapshot } from '#model/testing/build-node.ts';
import { EVERYTHING } from '../auth/scope.ts';
import { openLog } from '../open-log.ts';
import { openStore } from '../store/open-store.ts';
import { GoneNodes } from './gone-nodes.ts';
import { LogRetention } from './log-retention.ts';
import { makeOpenView } from './open-view.ts';

const HOUR_MS = 3_600_000;
const KEPT_MS = 24 * HOUR_MS;
const TABLES = ['stream WHERE name', 'checkpoint WHERE stream', 'entry WHERE stream', 'batch WHERE node'];

type Source = 'kubernetes' | 'none';
type World = ReturnType<typeof openWorld>;

/** A collector whose clock is moved by hand, and which keeps a day. */
function openWorld(source: Source) {
  const opened = openStore(':memory:');
  if (!opened.ok) throw new Error(opened.error.problem);
  const store = opened.value;
  const time = { nowMs: Date.parse('2026-01-01T00:00:00Z') };
  const clock = () => new Date(time.nowMs);
  const log = openLog({ store, path: ':memory:', source, log: pino({ level: 'silent' }), clock });
  if (!log.ok) throw new Error(log.error.problem);
  const { fold, recorder, cluster } = log.value;
  const gone = new GoneNodes({ store, recorder, fold });
  const retention = new LogRetention({ store, limits: { ageMs: KEPT_MS }, gone });
  const openView = makeOpenView({ store, fold, clock });
  const told = new Map<number, unknown>();
  const look = async (at?: number) => {
    const view = openView(at === undefined ? undefined : new Date(at).toISOString(), EVERYTHING);
    if (!view.ok) throw new Error(view.error.detail);
    const topologies = [await view.value.node('n1'), await view.value.node('n2')];
    return JSON.parse(
      JSON.stringify([await view.value.cluster(), topologies, await view.value.kernel('n2')]),
    ) as unknown;
  };
  const say = (node: string, body: EntryBody) => recorder.record((append) => append(node, body));
  /** Hours in which n1 goes on, and retention does its work. */
  const passHours = async (hours: number) => {
    for (let hour = 0; hour < hours; hour += 1) {
      time.nowMs += HOUR_MS;
      say('n1', { type: 'agent.hello', bootId: 'boot-1', version: '1' });
      while (retention.step(time.nowMs)) time.nowMs += 1;
      fold.tick();
      time.nowMs += 1;
      told.set(time.nowMs, await look());
      time.nowMs += 1;
    }
  };
  /** Every kept time is told as it was then. */
  const checkPast = async () => {
    const kept = [...told].filter(([atMs]) => atMs >= (store.oldestMs ?? 0));
    expect(kept.length).toBeGreaterThan(20);
    for (const [atMs, seen] of kept) expect(await look(atMs), new Date(atMs).toISOString()).toEqual(seen);
  };
  const countRows = (node: string) =>
    TABLES.map((table) => Number(store.database.prepare(`SELECT count(*) AS n FROM ${table} = ?`).get(node)?.n));
  return {
    ...{ store, fold, recorder, cluster, retention, say, passHours, checkPast, countRows },
    [Symbol.dispose]: () => {
      cluster.close();
      fold.close();
      store.close();
    },
  };
}

const speakOfKernel = ({ say, store }: World, node: string) => {
  store.rememberBatch({ node, bootId: 'boot-1', sequence: 1 });
  say(node, { type: 'kernel.snapshot', snapshot: buildSnapshot([1], 1, node) });
};

test('without a cluster a silent agent is given up after the kept time, and after as much again nothing of it is left', async () => {
  using world = openWorld('none');
  const { fold, retention, passHours, checkPast, countRows, say } = world;
  for (const node of ['n1', 'n2']) speakOfKernel(world, node);
  await passHours(23);
  expect(fold.node('n2')).toBeDefined();
  await passHours(3);
  expect(fold.node('n2')).toBeUndefined();
  expect(Object.keys(fold.cluster().nodes)).toEqual(['n1']);
  await checkPast();
  await passHours(26);
  expect(countRows('n2')).toEqual([0, 0, 0, 0]);
  expect(retention.removed.nodes).toBe(1);
  expect(countRows('n1')[0]).toBe(1);
  await checkPast();
  say('n2', { type: 'kernel.snapshot', snapshot: buildSnapshot([2], 1, 'n2') });
  await passHours(1);
  expect(fold.kernel('n2')).toEqual(buildSnapshot([2], 1, 'n2'));
  await checkPast();
});

test('a node that the cluster still names keeps its last state, however long its agent is silent', async () => {
  using world = openWorld('kubernetes');
  const { cluster, fold, passHours, checkPast, retention } = world;
  for (const node of ['n1', 'n2']) {
    cluster.put('node', buildClusterNode(node, '10.240.1.0/24'));
    speakOfKernel(world, node);
  }
  cluster.setSynced();
  await passHours(80);
  expect(fold.kernel('n2')).toEqual(buildSnapshot([1], 1, 'n2'));
  await checkPast();
  cluster.remove('node', 'n2');
  await passHours(26);
  await checkPast();
  await passHours(26);
  expect(world.countRows('n2')).toEqual([0, 0, 0, 0]);
  expect(retention.removed.nodes).toBe(1);
  await checkPast();
});

test('a thousand nodes that came and went leave nothing behind', async () => {
  using world = openWorld('kubernetes');
  const { cluster, recorder, store, passHours } = world;
  cluster.setSynced();
  for (let place = 0; place < 1_000; place += 1) {
    const name = `auto${place}`;
    cluster.put('node', buildClusterNode(name, '10.240.1.0/24'));
    recorder.record((append) => append(name, { type: 'agent.hello', bootId: 'b', version: '1' }));
    cluster.remove('node', name);
  }
  await passHours(52);
  const names = store.streams.listNames(Number.MAX_SAFE_INTEGER);
  expect(names).toEqual([CLUSTER_STREAM, 'n1']);
  expect(store.database.prepare("SELECT count(*) AS n FROM checkpoint WHERE stream LIKE 'auto%'").get()).toEqual({
    n: 0,
  });
});
