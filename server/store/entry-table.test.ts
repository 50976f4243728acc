import { expect, test } from 'vitest';
import type { EntryBody, LogEntry } from '#model/log/log-entry.ts';
import { buildInvocation } from '#model/testing/build-node.ts';
import { openStore } from './open-store.ts';
import { DamagedContent } from './storage-error.ts';
import type { Store } from './store.ts';

const invoke = (place: number): EntryBody => ({
  type: 'invocation',
  event: buildInvocation(place % 2 === 0 ? 'ADD' : 'DEL', place, { id: `e${place}` }),
});
/** More than a chunk holds beside anything. */
const LARGE: EntryBody = { type: 'journal.problem', file: 'journal', offset: 0, message: 'x'.repeat(300_000) };

function withStore(work: (store: Store) => void): void {
  const store = openStore(':memory:');
  if (!store.ok) throw new Error(store.error.problem);
  work(store.value);
  store.value.close();
}

const append = (store: Store, entries: readonly (readonly [stream: string, body: EntryBody])[]): LogEntry[] =>
  store.transact(() => entries.map(([stream, body]) => store.log.append({ stream, body }, 1_000).entry));

const listOf = (stream: string, from: number, count: number) =>
  Array.from({ length: count }, (_, index) => [stream, invoke(from + index)] as const);

const readAll = (store: Store, stream: string): LogEntry[] =>
  [...store.log.read(stream, { afterSeq: 0, upToSeq: store.log.lastSeq })].map(({ entry }) => entry);

const count = (store: Store, table: 'chunk' | 'entry'): number =>
  Number(store.database.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.n);

test('invocations of several nodes in one transaction are read as they were written, by stream and by place', () => {
  withStore((store) => {
    const written = append(store, [
      ...listOf('n1', 0, 100),
      ['n1', LARGE],
      ...listOf('n2', 100, 1),
      ...listOf('n1', 200, 1_000),
    ]);
    expect(count(store, 'chunk')).toBeGreaterThan(2);
    for (const stream of ['n1', 'n2']) {
      expect(readAll(store, stream)).toEqual(written.filter((entry) => entry.stream === stream));
    }
    for (const entry of written) expect(store.log.find(entry.seq)).toEqual(entry);
    expect(store.log.find(written.length + 1)).toBeUndefined();
  });
});

test('a stretch that begins and ends within chunks is read exactly', () => {
  withStore((store) => {
    const written = append(store, listOf('n1', 0, 1_000));
    const read = [...store.log.read('n1', { afterSeq: 333, upToSeq: 777 })].map(({ entry }) => entry);
    expect(read).toEqual(written.slice(333, 777));
  });
});

test('few and short entries are not compressed: each is a row that needs no other', () => {
  withStore((store) => {
    append(store, listOf('n1', 0, 3));
    expect(count(store, 'chunk')).toBe(0);
    expect(readAll(store, 'n1')).toHaveLength(3);
  });
});

test('what a failed transaction appended is in no later one', () => {
  withStore((store) => {
    const fails = () =>
      store.transact(() => {
        for (const [stream, body] of listOf('n1', 0, 50)) store.log.append({ stream, body }, 1_000);
        throw new Error('no more');
      });
    expect(fails).toThrow('no more');
    const written = append(store, listOf('n1', 500, 50));
    expect(written[0]?.seq).toBe(1);
    expect(readAll(store, 'n1')).toEqual(written);
  });
});

test('a chunk goes with the last of its entries, not before', () => {
  withStore((store) => {
    const written = append(store, listOf('n1', 0, 50));
    expect(count(store, 'chunk')).toBe(1);
    store.transact(() => store.log.remove({ afterSeq: 0, upToSeq: 49 }));
    expect(readAll(store, 'n1')).toEqual(written.slice(49));
    store.transact(() => store.log.remove({ afterSeq: 49, upToSeq: 50 }));
    expect(count(store, 'entry') + count(store, 'chunk')).toBe(0);
  });
});

test('a chunk that is damaged or missing is trouble of the file, not another answer', () => {
  withStore((store) => {
    append(store, listOf('n1', 0, 50));
    store.database.exec("UPDATE chunk SET bodies = x'00010203'");
    expect(() => readAll(store, 'n1')).toThrow(DamagedContent);
    store.database.exec('DELETE FROM chunk');
    expect(() => store.log.find(7)).toThrow(DamagedContent);
  });
});
