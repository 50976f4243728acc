import { expect, test } from 'vitest';
import { RecordTable } from './record-table.ts';

interface Entry {
  readonly id: string;
  readonly value: number;
}
const makeTable = (...records: readonly Entry[]) => new RecordTable<Entry>(records, ({ id }) => id);

test('a message that says what is known leaves the very same list', () => {
  const records = [{ id: 'a', value: 1 }];
  const table = new RecordTable<Entry>(records, ({ id }) => id);
  table.put({ id: 'a', value: 1 });
  expect(table.finish()).toBe(records);
});

test('a changed record keeps its place, a new one comes last, a removed one is gone', () => {
  const table = makeTable({ id: 'a', value: 1 }, { id: 'b', value: 1 }, { id: 'c', value: 1 });
  table.put({ id: 'a', value: 2 });
  table.put({ id: 'd', value: 1 });
  expect(table.remove('b')).toBe(true);
  expect(table.finish().map(({ id, value }) => `${id}${value}`)).toEqual(['a2', 'c1', 'd1']);
  expect(table.isStale).toBe(false);
});

test('of two routes of one identity none is changed by guessing: the table has to be read', () => {
  const table = makeTable({ id: 'a', value: 1 }, { id: 'a', value: 2 });
  table.put({ id: 'a', value: 2 });
  expect(table.isStale).toBe(false);
  table.put({ id: 'a', value: 3 });
  expect(table.isStale).toBe(true);
  expect(table.remove('a')).toBe(false);
  expect(table.finish()).toHaveLength(2);
});

test('what was never known cannot be removed', () => {
  expect(makeTable().remove('a')).toBe(false);
});

test('a link that goes takes its records along', () => {
  const table = makeTable({ id: 'a', value: 1 }, { id: 'b', value: 2 }, { id: 'a', value: 2 });
  table.removeWhere(({ value }) => value === 2);
  expect(table.finish()).toEqual([{ id: 'a', value: 1 }]);
});
