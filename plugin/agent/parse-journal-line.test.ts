import { expect, it } from 'vitest';
import { parseJournalLine } from './parse-journal-line.ts';

it('a configuration nested too deep for a check is a bad line, not the end of the agent', () => {
  const depth = 100_000;
  const line = `{"specversion":"1.0","data":{"stdin":${'['.repeat(depth)}${']'.repeat(depth)}}}`;
  expect(parseJournalLine(line)).toMatchObject({ ok: false });
});
