import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { expect, test } from 'vitest';
import { buildInvocation, buildSnapshot } from '#model/testing/build-node.ts';
import { openLog } from '../open-log.ts';
import { openStore } from '../store/open-store.ts';
import { GoneNodes } from './gone-nodes.ts';
import { LogRetention, type RetentionLimits } from './log-retention.ts';

const START_MS = Date.parse('2026-01-01T00:00:00Z');

/** A log of events a second apart, about 12 KB each, on a real file. */
async function withLog(
  events: number,
  work: (log: ReturnType<typeof openEvents> & { readonly path: string }) => Promise<void> | void,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'podwire-retention-'));
  const path = join(folder, 'podwire.db');
  const log = openEvents(path, events);
  try {
    await work({ ...log, path });
  } finally {
    log.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function openEvents(path: string, events: number) {
  const store = openStore(path);
  if (!store.ok) throw new Error(store.error.problem);
  let nowMs = START_MS;
  const clock = () => new Date(nowMs);
  const opened = openLog({ store: store.value, path, source: 'none', log: pino({ level: 'silent' }), clock });
  if (!opened.ok) throw new Error(opened.error.problem);
  const { recorder, fold, cluster } = opened.value;
  const add = (place: number) => {
    nowMs += 1_000;
    const event = buildInvocation('ADD', 1, { id: `e${place}`, startedAt: clock().toISOString() });
    const stdin = Array.from({ length: 1_000 }, (_, index) => index * 1_000_003);
    recorder.record((append) =>
      append('n1', { type: 'invocation', event: { ...event, data: { ...event.data, stdin } } }),
    );
  };
  recorder.record((append) => append('n1', { type: 'kernel.snapshot', snapshot: buildSnapshot([1], 1, 'n1') }));
  for (let place = 0; place < events; place += 1) add(place);
  const close = () => {
    cluster.close();
    fold.close();
    store.value.close();
  };
  const retain = (limits: RetentionLimits) =>
    new LogRetention({ store: store.value, limits, gone: new GoneNodes({ store: store.value, recorder, fold }) });
  return { store: store.value, nowMs: () => nowMs, add, close, retain };
}

function runAll(retention: LogRetention, nowMs: number): number {
  let steps = 1;
  while (retention.step(nowMs)) steps += 1;
  return steps;
}

test('what is older than the age goes, in short steps, with its events; the rest stays', async () => {
  await withLog(2_000, ({ store, nowMs, retain }) => {
    const retention = retain({ ageMs: 600_000 });
    expect(runAll(retention, nowMs())).toBeGreaterThan(3);
    expect(store.countEvents({})).toBe(600);
    expect(store.database.prepare('SELECT count(*) AS n FROM event').get()?.n).toBe(600);
    expect(retention.removed).toEqual({ entries: 2_002 - 600, events: 1_400, nodes: 0 });
    expect(store.oldestMs).toBe(nowMs() - 600_000);
    expect(runAll(retention, nowMs())).toBe(1);
  });
});

test('a store that is too big loses its oldest entries until it fits, and its file shrinks', async () => {
  await withLog(3_000, ({ store, nowMs, path, retain }) => {
    store.database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    const before = statSync(path).size;
    const limit = Math.round(store.measure().usedBytes / 2);
    const retention = retain({ sizeBytes: limit });
    // One look is enough, however many tenths that takes.
    runAll(retention, nowMs());
    expect(store.measure().usedBytes).toBeLessThanOrEqual(limit);
    expect(store.countEvents({})).toBeGreaterThan(1_000);
    expect(store.listEvents({}, 1).events[0]?.id).toBe('e2999');
    store.database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    expect(statSync(path).size).toBeLessThan(before * 0.75);
  });
});

test('entries that come while retention is at work are kept', async () => {
  await withLog(1_500, ({ store, nowMs, add, retain }) => {
    const retention = retain({ ageMs: 100_000 });
    let place = 1_500;
    while (retention.step(nowMs())) {
      add(place);
      place += 1;
    }
    expect(place).toBeGreaterThan(1_503);
    expect(store.findEvent(`e${place - 1}`)?.event.id).toBe(`e${place - 1}`);
    expect(store.findEvent('e0')).toBeUndefined();
  });
});

test('without limits nothing goes', async () => {
  await withLog(100, ({ store, nowMs, retain }) => {
    const retention = retain({});
    expect(runAll(retention, nowMs() + 1e12)).toBe(1);
    expect(store.countEvents({})).toBe(100);
  });
});
