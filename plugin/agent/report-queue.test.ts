import { describe, expect, it } from 'vitest';
import type { Drift } from '#model/agent/drift.ts';
import type { Finding } from '#model/findings/finding.ts';
import { ReportQueue } from './report-queue.ts';

const drift = (id: string, object = '10.240.1.0/24'): Drift => ({
  ...{ id, time: '2026-11-25T08:00:00Z', kind: 'route', object },
  ...{ found: 'missing', outcome: 'repaired' },
});
const finding = (id: string): Finding => ({
  ...{ id, rule: 'node-not-on-link', severity: 'error', title: 'x', evidence: [], since: '2026-11-25T08:00:00Z' },
});
const listIds = (queue: ReportQueue): readonly string[] =>
  queue.take().map((record) => (record.type === 'drift' ? record.drift.id : record.type));

describe('the reports of an agent', () => {
  it('are sent until they are acknowledged, and then no more', () => {
    const queue = new ReportQueue();
    queue.addDrift(drift('one'));
    expect([listIds(queue), listIds(queue)]).toEqual([['one'], ['one']]);
    queue.acknowledge();
    expect(listIds(queue)).toEqual([]);
  });

  it('of the same drift of one object become one with a count', () => {
    const queue = new ReportQueue();
    for (const id of ['one', 'two', 'three']) queue.addDrift(drift(id));
    queue.addDrift(drift('four', '10.240.9.0/24'));
    expect(queue.take()).toMatchObject([
      { drift: { id: 'three', repeats: 3 } },
      { drift: { id: 'four', object: '10.240.9.0/24' } },
    ]);
  });

  it('that come while others are on their way are not lost with those', () => {
    const queue = new ReportQueue();
    queue.addDrift(drift('one'));
    queue.take();
    queue.addDrift(drift('two'));
    queue.acknowledge();
    expect(listIds(queue)).toEqual(['two']);
  });

  it('are bounded, and what went is counted', () => {
    const queue = new ReportQueue();
    for (let index = 0; index < 1_005; index += 1) queue.addDrift(drift(`d${index}`, `10.${index}`));
    expect([queue.take().length, listIds(queue)[0], queue.dropped]).toEqual([1_000, 'd5', 5]);
  });

  it('tell findings when they change, an empty list included', () => {
    const queue = new ReportQueue();
    expect([listIds(queue), queue.setFindings([finding('a')])]).toEqual([[], true]);
    expect(listIds(queue)).toEqual(['agent.findings']);
    queue.acknowledge();
    expect([queue.setFindings([finding('a')]), listIds(queue)]).toEqual([false, []]);
    queue.setFindings([]);
    expect(queue.take()).toEqual([{ type: 'agent.findings', findings: [] }]);
  });

  it('tell findings that changed on the way once more', () => {
    const queue = new ReportQueue();
    queue.setFindings([finding('a')]);
    queue.take();
    queue.setFindings([finding('b')]);
    queue.acknowledge();
    expect(queue.take()).toMatchObject([{ findings: [{ id: 'b' }] }]);
  });

  it('tell findings anew to a collector that lost track', () => {
    const queue = new ReportQueue();
    queue.setFindings([finding('a')]);
    queue.take();
    queue.acknowledge();
    queue.forget();
    expect(listIds(queue)).toEqual(['agent.findings']);
  });
});
