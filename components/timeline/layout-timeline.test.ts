import { describe, expect, test } from 'vitest';
import { type InvocationSummary, PodKey } from '#model/topology/topology.ts';
import { groupLanes } from './group-lanes.ts';
import { type LaneRow, layoutTimeline, MINIMUM_BAR_PX } from './layout-timeline.ts';
import { parseInstant } from './parse-instant.ts';

const ZERO_US = parseInstant('2026-11-24T08:00:00Z');
const SECOND_US = 1_000_000;
const WIDTH_PX = 600;
/** A minute over 600 px: a second is 10 px. */
const MINUTE = { startUs: ZERO_US, endUs: ZERO_US + 60 * SECOND_US };

let ids = 0;
function invoke(second: number, change: Partial<InvocationSummary> = {}): InvocationSummary {
  ids += 1;
  return {
    id: `event-${ids}`,
    node: 'k8s-node01',
    verb: 'ADD',
    mode: 'bridge',
    outcome: 'ok',
    pod: PodKey.parse('default/nginx1'),
    containerId: 'c1',
    ifName: 'eth0',
    startedAt: new Date(ZERO_US / 1000 + second * 1000).toISOString(),
    durationUs: 4000,
    stepCount: 9,
    ...change,
  };
}

function layout(invocations: readonly InvocationSummary[], change: Partial<Parameters<typeof layoutTimeline>[0]> = {}) {
  const lanes = groupLanes(invocations, change.byNode ?? false);
  return layoutTimeline({
    lanes,
    window: MINUTE,
    widthPx: WIDTH_PX,
    nowUs: ZERO_US + 50 * SECOND_US,
    byNode: false,
    ...change,
  });
}

const lanesOf = (rows: ReturnType<typeof layout>['rows']): readonly LaneRow[] =>
  rows.filter((row) => row.kind === 'lane');
const firstLane = (invocations: readonly InvocationSummary[]): LaneRow | undefined =>
  lanesOf(layout(invocations).rows)[0];

describe('the life of a pod on the timeline', () => {
  test('lasts from the end of its ADD to now while no DEL came', () => {
    const lane = firstLane([invoke(10, { durationUs: SECOND_US })]);
    expect(lane?.bands).toEqual([{ xPx: 110, widthPx: 390, isOpen: true }]);
  });

  test('ends with its DEL', () => {
    const lane = firstLane([invoke(10, { durationUs: 0 }), invoke(30, { verb: 'DEL' })]);
    expect(lane?.bands).toEqual([{ xPx: 100, widthPx: 200, isOpen: false }]);
  });

  test('does not begin with an ADD that failed', () => {
    expect(firstLane([invoke(10, { outcome: 'error', error: 'no free address' })])?.bands).toEqual([]);
  });

  test('goes on when a DEL failed', () => {
    const lane = firstLane([
      invoke(10, { durationUs: 0 }),
      invoke(30, { verb: 'DEL', outcome: 'error', error: 'busy' }),
    ]);
    expect(lane?.bands).toEqual([{ xPx: 100, widthPx: 400, isOpen: true }]);
  });

  test('is another one in another container of the same pod', () => {
    const lane = firstLane([
      invoke(0, { durationUs: 0 }),
      invoke(10, { verb: 'DEL' }),
      invoke(20, { containerId: 'c2', durationUs: 0 }),
    ]);
    expect(lane?.bands.map(({ xPx, widthPx }) => [xPx, widthPx])).toEqual([
      [0, 100],
      [200, 300],
    ]);
  });

  test('ends where another container of the pod begins, when its DEL got lost', () => {
    const lane = firstLane([invoke(0, { durationUs: 0 }), invoke(20, { containerId: 'c2', durationUs: 0 })]);
    expect(lane?.bands).toEqual([
      { xPx: 0, widthPx: 200, isOpen: false },
      { xPx: 200, widthPx: 300, isOpen: true },
    ]);
  });

  test('is cut at the edges of the window', () => {
    const lane = firstLane([invoke(-30, { durationUs: 0 })]);
    expect(lane?.bands).toEqual([{ xPx: 0, widthPx: 500, isOpen: true }]);
    expect(lane?.marks).toEqual([]);
  });
});

describe('an invocation as a mark', () => {
  test('is as wide as it took, and never too narrow to see', () => {
    const lane = firstLane([invoke(10, { durationUs: 3 * SECOND_US }), invoke(40, { verb: 'CHECK', durationUs: 1 })]);
    expect(lane?.marks.map(({ xPx, widthPx }) => [xPx, widthPx])).toEqual([
      [100, 30],
      [400, MINIMUM_BAR_PX],
    ]);
  });

  test('two on the same pixels fold into one that counts them and keeps the failure', () => {
    const lane = firstLane([
      invoke(10, { outcome: 'error', error: 'no free address in 10.240.2.0/24' }),
      invoke(10.1, { verb: 'DEL' }),
    ]);
    expect(lane?.marks).toHaveLength(1);
    expect(lane?.marks[0]).toMatchObject({ verb: 'mixed', outcome: 'error' });
    expect(lane?.marks[0]?.invocations).toHaveLength(2);
    expect(lane?.failure).toMatchObject({ xPx: 100, text: 'no free address in 10.240.2.0/24' });
  });

  test('however many there are, the marks stand for each of them once', () => {
    const invocations = Array.from({ length: 900 }, (_, index) => invoke(index / 20, { containerId: `c${index}` }));
    const marks = firstLane(invocations)?.marks ?? [];
    expect(marks.length).toBeLessThan(WIDTH_PX / MINIMUM_BAR_PX);
    expect(marks.flatMap((mark) => mark.invocations.map(({ id }) => id))).toEqual(invocations.map(({ id }) => id));
  });
});

describe('lanes', () => {
  test('keep the order of their first invocation when a new pod comes', () => {
    const before = [invoke(10), invoke(20, { pod: PodKey.parse('default/busybox') })];
    const after = [...before, invoke(30, { pod: PodKey.parse('default/alpha') })];
    const keys = (list: readonly InvocationSummary[]) => groupLanes(list, false).map(({ label }) => label);
    expect(keys(before)).toEqual(['nginx1', 'busybox']);
    expect(keys(after)).toEqual(['nginx1', 'busybox', 'alpha']);
  });

  test('outside the window are left out and counted', () => {
    const gone = [
      invoke(-300, { pod: PodKey.parse('default/old'), containerId: 'c9' }),
      invoke(-200, { verb: 'DEL', pod: PodKey.parse('default/old'), containerId: 'c9' }),
    ];
    const { rows, hiddenLanes } = layout([...gone, invoke(10)]);
    expect(lanesOf(rows).map(({ lane }) => lane.label)).toEqual(['nginx1']);
    expect(hiddenLanes).toBe(1);
  });

  test('stand under their node where several are shown', () => {
    const { rows } = layout(
      [invoke(10), invoke(11, { node: 'controlplane' }), invoke(12, { pod: PodKey.parse('default/busybox') })],
      { byNode: true },
    );
    expect(rows.map((row) => (row.kind === 'group' ? `${row.node} ${row.laneCount}` : row.lane.label))).toEqual([
      'controlplane 1',
      'nginx1',
      'k8s-node01 2',
      'nginx1',
      'busybox',
    ]);
  });

  test('of a container without a pod carry its id', () => {
    const { pod: _, ...nameless } = invoke(10, { containerId: '3e744c89ab12ffff' });
    expect(groupLanes([nameless], false)[0]).toMatchObject({ label: '3e744c89ab12' });
  });
});
