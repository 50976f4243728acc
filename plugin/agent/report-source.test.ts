import { describe, expect, it } from 'vitest';
import type { BatchRecord } from '#model/protocol/agent-batch.ts';
import { RecordQueue, ReportPart } from './report-source.ts';

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

  it('stay within bounds when nobody takes them: the oldest go, but for those on their way', () => {
    const queue = new RecordQueue();
    queue.add(answer('on its way'));
    queue.take();
    for (let number = 1; number <= 1_500; number += 1) queue.add(answer(String(number)));
    queue.acknowledge();
    const left = queue.take();
    expect(left.length).toBe(999);
    expect([left.at(0), left.at(-1)]).toEqual([answer('502'), answer('1500')]);
  });

  it('are given up, logged and counted where they are refused alone, and offered again where others were in the batch', () => {
    const queue = new RecordQueue();
    const logged: string[] = [];
    const part = new ReportPart(queue, (_, message) => logged.push(message));
    queue.add(answer('a'));
    part.take();
    part.refuse({ isAlone: false, isTooLarge: false, reason: 'HTTP 422' });
    expect(part.refusedRecords).toBe(0);
    expect(part.take()).toEqual([answer('a')]);
    queue.add(answer('b'));
    part.refuse({ isAlone: true, isTooLarge: false, reason: 'HTTP 422' });
    expect(part.take()).toEqual([answer('b')]);
    expect(logged).toEqual(['the collector refused a report']);
    expect(part.refusedRecords).toBe(1);
  });
});
