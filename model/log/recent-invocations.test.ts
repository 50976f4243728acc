import { expect, test } from 'vitest';
import { NODE_ITSELF } from '../topology/invocation-owner.ts';
import { PodKey } from '../topology/topology.ts';
import { RecentInvocations } from './recent-invocations.ts';

const START_MS = Date.parse('2026-01-01T00:00:00Z');
const MINUTE_MS = 60_000;

const build = (pod: string | undefined, atMs: number, given: { verb?: string; durationUs?: number } = {}) => ({
  verb: 'ADD',
  outcome: 'ok' as const,
  durationUs: 1_000,
  startedAt: new Date(atMs).toISOString(),
  ...(pod !== undefined && { pod: PodKey.parse(pod) }),
  ...given,
});

test('the invocations of one namespace are measured apart, and again after a restart', () => {
  const recent = new RecentInvocations();
  for (let place = 0; place < 100; place += 1) {
    recent.add(
      build(`${place % 4 === 0 ? 'a' : 'b'}/p`, START_MS + place, { durationUs: place % 4 === 0 ? 10 : 20 }),
      START_MS,
    );
  }
  recent.add(build(undefined, START_MS, { verb: 'STATUS' }), START_MS);
  for (const each of [recent, new RecentInvocations(JSON.parse(JSON.stringify(recent.save())))]) {
    expect(each.measure(START_MS)).toMatchObject({ adds: 100, addP50Us: 20 });
    expect(each.measure(START_MS, (owner) => owner === 'a')).toMatchObject({ adds: 25, addP50Us: 10, addP99Us: 10 });
    expect(each.measure(START_MS, (owner) => owner === NODE_ITSELF)).toMatchObject({ adds: 0, failed: 0 });
  }
});

test('namespaces that came and went are forgotten with their invocations', () => {
  const recent = new RecentInvocations();
  for (let place = 0; place < 5_000; place += 1) {
    const atMs = START_MS + place * MINUTE_MS;
    recent.add(build(`job-${place}/p`, atMs), atMs);
  }
  expect(recent.save().owners?.length).toBeLessThan(200);
  const nowMs = START_MS + 4_999 * MINUTE_MS;
  expect(recent.measure(nowMs, (owner) => owner === 'job-4999').adds).toBe(1);
  expect(recent.measure(nowMs).adds).toBe(16);
});

test('what was kept before owners were is counted for who sees everything, and for nobody else', () => {
  const old = new RecentInvocations({ startedMs: [START_MS], coded: [8_001] });
  old.add(build('a/p', START_MS), START_MS);
  expect(old.measure(START_MS).adds).toBe(2);
  expect(old.measure(START_MS, (owner) => owner === 'a').adds).toBe(1);
});
