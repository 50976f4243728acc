import { describe, expect, test } from 'vitest';
import type { InvocationList, LiveMessage } from '#model/protocol/live-message.ts';
import type { ClusterTopology, InvocationSummary } from '#model/topology/topology.ts';
import type { LiveModel } from './live-state.ts';
import { type LiveInput, reduceLive, SILENCE_MS } from './reduce-live.ts';

const START_MS = Date.parse('2026-11-24T08:00:00.000Z');
const EMPTY: LiveModel = {
  connection: { state: 'connecting', since: '2026-11-24T08:00:00.000Z' },
  subscriptions: new Map(),
};
const WANT_CLUSTER: LiveInput = { type: 'want', id: 'c', view: { kind: 'cluster' } };
const WANT_INVOCATIONS: LiveInput = { type: 'want', id: 'i', view: { kind: 'invocations' } };

const cluster = (nodeCount: number): ClusterTopology => ({
  cluster: { cluster: { source: 'lab', nodeCount, podCount: 0, unscheduledPods: 0 } },
  nodes: {},
});
const clusterSnapshot = (seq: number, nodeCount: number): LiveInput => ({
  type: 'message',
  message: { type: 'snapshot.cluster', id: 'c', seq, topology: cluster(nodeCount) },
});
const clusterDelta = (seq: number, nodeCount: number): LiveInput => ({
  type: 'message',
  message: {
    type: 'delta',
    id: 'c',
    seq,
    delta: { put: { cluster: { cluster: cluster(nodeCount).cluster.cluster } }, remove: {} },
  },
});
const heartbeat = (ms: number): LiveInput => ({
  type: 'message',
  message: { type: 'heartbeat', serverTime: new Date(ms).toISOString() },
});
const invocation = (id: string, second: number): InvocationSummary => ({
  id,
  node: 'k8s-node01',
  verb: 'ADD',
  mode: 'bridge',
  outcome: 'ok',
  startedAt: `2026-11-24T08:00:0${second}.000000Z`,
  durationUs: 4000,
  stepCount: 9,
});

/** Plays inputs one after another, each `stepMs` after the one before. */
function play(inputs: readonly LiveInput[], stepMs = 10) {
  let model = EMPTY;
  let nowMs = START_MS;
  let requests: readonly unknown[] = [];
  for (const input of inputs) {
    nowMs += stepMs;
    ({ model, requests } = reduceLive(model, input, nowMs));
  }
  const read = (id: string) => model.subscriptions.get(id)?.state;
  return { model, requests, read, nowMs };
}

const countNodes = (value: unknown): number | undefined =>
  (value as ClusterTopology | undefined)?.cluster.cluster?.nodeCount;
const listIds = (value: unknown): readonly string[] => (value as InvocationList).invocations.map(({ id }) => id);

describe('following the collector', () => {
  test('a view asked for before the socket opens is asked for when it does', () => {
    const { requests, model } = play([WANT_CLUSTER, { type: 'opened' }]);
    expect(requests).toEqual([{ type: 'subscribe', id: 'c', view: { kind: 'cluster' } }]);
    expect(model.connection.state).toBe('live');
  });

  test('a snapshot, then deltas in order, show the newest state as live', () => {
    const { read } = play([
      WANT_CLUSTER,
      { type: 'opened' },
      clusterSnapshot(1, 2),
      clusterDelta(2, 3),
      clusterDelta(3, 4),
    ]);
    expect(read('c')?.status).toBe('live');
    expect(countNodes(read('c')?.value)).toBe(4);
  });

  test('a number that is missing makes the view stale and asks for it again', () => {
    const { read, requests, model } = play([
      WANT_CLUSTER,
      { type: 'opened' },
      clusterSnapshot(1, 2),
      clusterDelta(3, 9),
    ]);
    expect(requests).toEqual([{ type: 'subscribe', id: 'c', view: { kind: 'cluster' } }]);
    expect(read('c')?.status).toBe('stale');
    expect(countNodes(read('c')?.value)).toBe(2);
    expect(model.connection.state).toBe('catching-up');
  });

  test('after a gap nothing is applied until the snapshot that was asked for', () => {
    const gap = [WANT_CLUSTER, { type: 'opened' } as const, clusterSnapshot(1, 2), clusterDelta(3, 9)];
    const between = play([...gap, clusterDelta(4, 10)]);
    expect(countNodes(between.read('c')?.value)).toBe(2);
    expect(between.requests).toEqual([]);
    const after = play([...gap, clusterDelta(4, 10), clusterSnapshot(7, 11), clusterDelta(8, 12)]);
    expect(after.read('c')?.status).toBe('live');
    expect(countNodes(after.read('c')?.value)).toBe(12);
    expect(after.model.connection.state).toBe('live');
  });

  test('a delta that was heard before changes nothing', () => {
    const { read, requests } = play([
      WANT_CLUSTER,
      { type: 'opened' },
      clusterSnapshot(1, 2),
      clusterDelta(2, 3),
      clusterDelta(2, 99),
    ]);
    expect(countNodes(read('c')?.value)).toBe(3);
    expect(requests).toEqual([]);
  });

  test('a node that the collector does not have is missing, not loading', () => {
    const message: LiveMessage = { type: 'snapshot.node', id: 'n', seq: 1 };
    const want: LiveInput = { type: 'want', id: 'n', view: { kind: 'node', node: 'nowhere' } };
    const { read } = play([want, { type: 'opened' }, { type: 'message', message }]);
    expect(read('n')?.status).toBe('missing');
  });
});

describe('a collector that falls silent or goes away', () => {
  const LIVE = [WANT_CLUSTER, { type: 'opened' } as const, clusterSnapshot(1, 2)];

  test('three heartbeats missed make everything stale, as of the last word', () => {
    const { model, nowMs } = play(LIVE);
    const silent = reduceLive(model, { type: 'tick' }, nowMs + SILENCE_MS + 1).model;
    expect(silent.connection).toMatchObject({ state: 'stale', since: new Date(nowMs).toISOString() });
    expect(silent.subscriptions.get('c')?.state).toMatchObject({
      status: 'stale',
      since: new Date(nowMs).toISOString(),
    });
  });

  test('heartbeats keep it live', () => {
    const { model, nowMs } = play([...LIVE, heartbeat(START_MS)]);
    expect(reduceLive(model, { type: 'tick' }, nowMs + SILENCE_MS - 1).model.connection.state).toBe('live');
  });

  test('a word after silence is not enough: what was missed is asked for again first', () => {
    const { model, nowMs } = play(LIVE);
    const silent = reduceLive(model, { type: 'tick' }, nowMs + SILENCE_MS + 1).model;
    const awake = reduceLive(silent, heartbeat(START_MS), nowMs + SILENCE_MS + 2);
    expect(awake.requests).toEqual([{ type: 'subscribe', id: 'c', view: { kind: 'cluster' } }]);
    expect(awake.model.connection.state).toBe('catching-up');
    expect(awake.model.subscriptions.get('c')?.state.status).toBe('stale');
  });

  test('a socket that breaks leaves what is on screen, stale, and a second failure says that the collector is gone', () => {
    const broken = play([...LIVE, { type: 'closed', attempts: 0 }]);
    expect(broken.read('c')?.status).toBe('stale');
    expect(broken.model.connection.state).toBe('connecting');
    const gone = play([...LIVE, { type: 'closed', attempts: 0 }, { type: 'closed', attempts: 2 }]);
    expect(gone.model.connection.state).toBe('gone');
    expect(countNodes(gone.read('c')?.value)).toBe(2);
  });

  test('a new socket is asked for everything and is live when the snapshot is there', () => {
    const opened = play([...LIVE, { type: 'closed', attempts: 0 }, { type: 'opened' }]);
    expect(opened.requests).toHaveLength(1);
    expect(opened.read('c')?.status).toBe('stale');
    const caughtUp = play([...LIVE, { type: 'closed', attempts: 0 }, { type: 'opened' }, clusterSnapshot(1, 5)]);
    expect(caughtUp.model.connection.state).toBe('live');
    expect(countNodes(caughtUp.read('c')?.value)).toBe(5);
  });

  test('lag is measured against the fastest message, so that two clocks may differ', () => {
    const slow = START_MS - 3_600_000;
    const { model } = play([...LIVE, heartbeat(slow), heartbeat(slow - 390)]);
    expect(model.connection.lagMs).toBe(400);
  });
});

describe('invocations as they arrive', () => {
  const snapshot: LiveInput = {
    type: 'message',
    message: {
      type: 'snapshot.invocations',
      id: 'i',
      seq: 1,
      list: { invocations: [invocation('a', 1), invocation('c', 3)], olderCount: 7 },
    },
  };
  const arrive = (seq: number, ...invocations: readonly InvocationSummary[]): LiveInput => ({
    type: 'message',
    message: { type: 'invocations', id: 'i', seq, invocations: [...invocations] },
  });

  test('one that an agent sends late takes its place in time', () => {
    const { read } = play([
      WANT_INVOCATIONS,
      { type: 'opened' },
      snapshot,
      arrive(2, invocation('b', 2), invocation('d', 4)),
    ]);
    expect(listIds(read('i')?.value)).toEqual(['a', 'b', 'c', 'd']);
  });

  test('one that an agent sends twice is shown once', () => {
    const { read } = play([WANT_INVOCATIONS, { type: 'opened' }, snapshot, arrive(2, invocation('c', 3))]);
    expect(listIds(read('i')?.value)).toEqual(['a', 'c']);
  });

  test('a view that is dropped is unsubscribed and forgotten', () => {
    const { model, requests } = play([WANT_INVOCATIONS, { type: 'opened' }, snapshot, { type: 'drop', id: 'i' }]);
    expect(requests).toEqual([{ type: 'unsubscribe', id: 'i' }]);
    expect(model.subscriptions.size).toBe(0);
  });
});
