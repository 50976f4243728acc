import { describe, expect, it } from 'vitest';
import type { BatchRecord } from '#model/protocol/agent-batch.ts';
import { makeReportPart, RecordQueue } from './report-source.ts';

const answer = (id: string): BatchRecord => ({ type: 'command.result', result: { id, outcome: 'answered' } });

describe('records in a queue', () => {
  it('are offered until the collector has them, and what came meanwhile stays', () => {
    const queue = new RecordQueue();
    queue.add(answer('a'));
    expect(queue.take()).toEqual([answer('a')]);
    queue.add(answer('b'));
    queue.acknowledge();
    expect(queue.take()).toEqual([answer('b')]);
    expect(queue.take()).toEqual([answer('b')]);
    queue.acknowledge();
    expect(queue.take()).toEqual([]);
  });

  it('are given up and logged where they are refused alone, and offered again where others were in the batch', () => {
    const queue = new RecordQueue();
    const logged: string[] = [];
    const part = makeReportPart(queue, (_, message) => logged.push(message));
    queue.add(answer('a'));
    part.take();
    part.refuse({ isAlone: false, isTooLarge: false, reason: 'HTTP 422' });
    expect(part.take()).toEqual([answer('a')]);
    part.refuse({ isAlone: true, isTooLarge: false, reason: 'HTTP 422' });
    expect(part.take()).toEqual([]);
    expect(logged).toEqual(['the collector refused a report']);
  });
});
