import { describe, expect, it } from 'vitest';
import type { Observation } from './observation.ts';
import { Reconciler } from './reconciler.ts';

/** One object whose state the test sets, as somebody on the node would. */
class Thing {
  state: Observation['state'] = 'missing';
  wanted = 'via b';
  isBroken = false;
  repairs = 0;

  readonly stage = (): readonly Observation[] => [
    {
      ...{ kind: 'route', object: '10.240.2.0/24', wanted: this.wanted, state: this.state },
      command: 'ip route replace',
      repair: () => {
        if (this.isBroken) throw new Error('ENETUNREACH');
        this.repairs += 1;
        this.state = 'right';
      },
    },
  ];
}

const pace = { firstMs: 100, longestMs: 1_000, forgivenMs: 5_000 };

function start(): { thing: Thing; run: (nowMs: number, plan?: string) => ReturnType<Reconciler['run']> } {
  const thing = new Thing();
  const reconciler = new Reconciler(pace);
  return { thing, run: (nowMs, plan = 'one') => reconciler.run([thing.stage], plan, nowMs) };
}

describe('an object of the pod network', () => {
  it('that never was as it is wanted is set, and that is no drift', () => {
    const { thing, run } = start();
    const round = run(0);
    expect([thing.state, round.drifts, round.changes]).toEqual(['right', [], ['route 10.240.2.0/24']]);
  });

  it('that was right and is gone has drifted, and is repaired at once', () => {
    const { thing, run } = start();
    run(0);
    run(1);
    thing.state = 'missing';
    expect(run(2).drifts).toEqual([
      { kind: 'route', object: '10.240.2.0/24', found: 'missing', outcome: 'repaired', command: 'ip route replace' },
    ]);
  });

  it('that is wanted otherwise has not drifted', () => {
    const { thing, run } = start();
    run(0);
    thing.wanted = 'via c';
    thing.state = 'changed';
    expect(run(1, 'two').drifts).toEqual([]);
    expect(thing.repairs).toBe(2);
  });

  it('that somebody undoes again and again is repaired ever more slowly, and found', () => {
    const { thing, run } = start();
    const repairedAt: number[] = [];
    run(0);
    for (let nowMs = 1; nowMs <= 5_000; nowMs += 1) {
      thing.state = 'missing';
      if (run(nowMs).drifts.length > 0) repairedAt.push(nowMs);
    }
    expect(repairedAt).toEqual([1, 101, 301, 701, 1501, 2501, 3501, 4501]);
    expect(run(5_001).findings).toMatchObject([{ rule: 'repair-undone', object: 'route 10.240.2.0/24' }]);
  });

  it('that stayed right for long enough is repaired at once again', () => {
    const { thing, run } = start();
    run(0);
    for (const nowMs of [1, 200, 500]) {
      thing.state = 'missing';
      run(nowMs);
    }
    expect(run(501).findings).toHaveLength(1);
    expect(run(6_000).findings).toEqual([]);
    thing.state = 'missing';
    expect([run(6_001).drifts.length, thing.state]).toEqual([1, 'right']);
  });

  it('whose repair fails is told once, stays found, and is tried again later and later', () => {
    const { thing, run } = start();
    run(0);
    thing.state = 'missing';
    thing.isBroken = true;
    const rounds = [1, 2, 150, 500, 1_000].map((nowMs) => run(nowMs));
    expect(rounds.flatMap(({ drifts }) => drifts)).toMatchObject([{ outcome: 'failed', error: 'ENETUNREACH' }]);
    expect(rounds.map(({ findings }) => findings.map(({ rule }) => rule))).toEqual(rounds.map(() => ['repair-failed']));
    thing.isBroken = false;
    const due = rounds.at(-1)?.dueAtMs ?? 0;
    expect(due).toBeGreaterThan(1_000);
    expect(run(due).drifts).toMatchObject([{ outcome: 'repaired' }]);
  });
});

describe('what is left over', () => {
  const extra = (state: { isThere: boolean }) => (): readonly Observation[] =>
    state.isThere
      ? [
          {
            ...{ kind: 'route', object: '10.240.9.0/24', wanted: '', state: 'left-over', command: 'ip route del' },
            repair: () => {
              state.isThere = false;
            },
          },
        ]
      : [];

  it('of an earlier run or plan goes, and is no drift', () => {
    const reconciler = new Reconciler(pace);
    const state = { isThere: true };
    expect(reconciler.run([extra(state)], 'one', 0).drifts).toEqual([]);
    state.isThere = true;
    expect(reconciler.run([extra(state)], 'two', 1).drifts).toEqual([]);
    expect(state.isThere).toBe(false);
  });

  it('under a plan that was met has been added by somebody: that is drift', () => {
    const reconciler = new Reconciler(pace);
    const state = { isThere: false };
    reconciler.run([extra(state)], 'one', 0);
    state.isThere = true;
    expect(reconciler.run([extra(state)], 'one', 1).drifts).toMatchObject([
      { found: 'left-over', outcome: 'repaired' },
    ]);
  });
});

it('a part that cannot be looked at keeps the others from nothing, and is found', () => {
  const thing = new Thing();
  const broken = (): never => {
    throw new Error('EINTR');
  };
  const round = new Reconciler(pace).run([broken, thing.stage], 'one', 0);
  expect([thing.state, round.findings[0]?.rule]).toEqual(['right', 'network-unreadable']);
});
