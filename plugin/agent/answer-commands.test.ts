import { expect, it } from 'vitest';
import type { CommandResult } from '#model/protocol/agent-command.ts';
import { CommandDesk } from './answer-commands.ts';

it('a command that comes again while it runs is done once, and one that fails says why', async () => {
  const results: CommandResult[] = [];
  let starts = 0;
  let fail = (_: Error): void => undefined;
  const desk = new CommandDesk({
    tellSnapshot: () => {
      starts += 1;
      return new Promise((_, reject) => {
        fail = reject;
      });
    },
    findNamespace: () => undefined,
    probe: async () => undefined,
    answer: (result) => results.push(result),
    log: () => undefined,
  });
  const line = '{"id":"a","type":"snapshot"}';
  const first = desk.take(line);
  await desk.take(line);
  expect(starts).toBe(1);
  fail(new Error('the collector refused the snapshot'));
  await first;
  expect(results).toEqual([{ id: 'a', outcome: 'failed', detail: 'the collector refused the snapshot' }]);
});
