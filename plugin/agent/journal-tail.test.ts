import {
  appendFileSync,
  mkdtempSync,
  renameSync,
  rmSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { InvocationEvent } from '#model/cni/invocation-event.ts';
import { type JournalCursor, loadCursor, saveCursor } from './journal-cursor.ts';
import { type JournalReading, readJournal } from './journal-tail.ts';

let folder = '';
let journal = '';
let cursor: JournalCursor | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'podwire-journal-'));
  journal = join(folder, 'invocations.ndjson');
  cursor = undefined;
});
afterEach(() => rmSync(folder, { recursive: true }));

const makeEvent = (id: string): InvocationEvent => ({
  specversion: '1.0',
  id,
  source: '/nodes/k8s-node01/plugin',
  type: 'io.podwire.cni.invocation.v1',
  time: '2026-11-24T08:00:00.000000Z',
  datacontenttype: 'application/json',
  data: {
    verb: 'ADD',
    mode: 'bridge',
    pluginVersion: '0.1.0',
    env: { containerId: `container-${id}` },
    outcome: 'ok',
    exitCode: 0,
    startedAt: '2026-11-24T08:00:00.000000Z',
    durationUs: 4_000,
    steps: [],
  },
});
const makeLine = (id: string): string => `${JSON.stringify(makeEvent(id))}\n`;

const describeRecords = ({ records }: JournalReading): string[] =>
  records.map((record) => (record.type === 'invocation' ? record.event.id : record.type));

/** What an agent does between two acknowledgements. */
const read = (limits: { readonly lines?: number; readonly bytes?: number; readonly nowMs?: number } = {}): string[] => {
  const reading = readJournal(folder, cursor, { lines: 100, bytes: 65_536, nowMs: Date.now(), ...limits });
  cursor = reading.cursor;
  return describeRecords(reading);
};
const muchLater = (): number => Date.now() + 60_000;

describe('the journal of a node', () => {
  it('is read once, line by line, as it grows', () => {
    appendFileSync(journal, makeLine('a') + makeLine('b'));
    expect(read()).toEqual(['a', 'b']);
    expect(read()).toEqual([]);
    appendFileSync(journal, makeLine('c'));
    expect(read()).toEqual(['c']);
  });

  it('that does not exist yet holds nothing', () => {
    expect(read()).toEqual([]);
    expect(cursor).toBeUndefined();
  });

  it('is not read past what one batch may hold', () => {
    appendFileSync(journal, ['a', 'b', 'c'].map(makeLine).join(''));
    expect(read({ lines: 2 })).toEqual(['a', 'b']);
    expect(read({ lines: 2 })).toEqual(['c']);
  });

  it('goes on after a restart where the last acknowledged line ended', () => {
    const cursorPath = join(folder, 'agent', 'cursor.json');
    appendFileSync(journal, makeLine('a'));
    read();
    saveCursor(cursorPath, cursor as JournalCursor);
    appendFileSync(journal, makeLine('b'));
    cursor = loadCursor(cursorPath);
    expect(read()).toEqual(['b']);
  });

  it('is read from its beginning where the cursor is damaged', () => {
    const cursorPath = join(folder, 'cursor.json');
    writeFileSync(cursorPath, '{"inode":"12"');
    expect(loadCursor(cursorPath)).toBeUndefined();
  });

  it('waits for the rest of a torn last line', () => {
    const line = makeLine('b');
    appendFileSync(journal, makeLine('a') + line.slice(0, 40));
    expect(read()).toEqual(['a']);
    expect(read()).toEqual([]);
    appendFileSync(journal, line.slice(40));
    expect(read()).toEqual(['b']);
  });

  it('gives the invocation behind a line that a crash tore, and reports the torn one', () => {
    appendFileSync(journal, makeLine('a').slice(0, 60) + makeLine('b') + makeLine('c'));
    expect(read()).toEqual(['b', 'journal.problem', 'c']);
  });

  it('reports a foreign line with its place and goes on', () => {
    const first = makeLine('a');
    appendFileSync(journal, `${first}hello\n{"specversion":"1.0"}\n${makeLine('b')}`);
    const { records } = readJournal(folder, undefined, { lines: 100, bytes: 65_536, nowMs: Date.now() });
    expect(records.map(({ type }) => type)).toEqual(['invocation', 'journal.problem', 'journal.problem', 'invocation']);
    expect(records[1]).toMatchObject({ file: journal, offset: first.length });
    expect(records[1]).toHaveProperty('message', expect.stringContaining('not JSON'));
  });

  it('is read to the end of the rotated file before the new one', () => {
    appendFileSync(journal, makeLine('a') + makeLine('b'));
    expect(read({ lines: 1 })).toEqual(['a']);
    renameSync(journal, `${journal}.1`);
    appendFileSync(journal, makeLine('c'));
    expect(read()).toEqual(['b']);
    // A late writer may still hold the renamed file: the new one has to wait a moment.
    expect(read({ nowMs: Date.now() })).toEqual([]);
    appendFileSync(`${journal}.1`, makeLine('late'));
    expect(read({ nowMs: Date.now() })).toEqual(['late']);
    expect(read({ nowMs: muchLater() })).toEqual(['c']);
  });

  it('rotated twice while nobody read loses nothing', () => {
    appendFileSync(journal, makeLine('a'));
    expect(read()).toEqual(['a']);
    appendFileSync(journal, makeLine('b'));
    renameSync(journal, `${journal}.2`);
    utimesSync(`${journal}.2`, 1_000, 1_000);
    appendFileSync(`${journal}.1`, makeLine('c'));
    utimesSync(`${journal}.1`, 2_000, 2_000);
    appendFileSync(journal, makeLine('d'));
    const seen: string[] = [];
    for (let round = 0; round < 4; round += 1) seen.push(...read({ nowMs: muchLater() }));
    expect(seen).toEqual(['b', 'c', 'd']);
  });

  it('reports the torn end of a rotated file and goes on with the new one', () => {
    appendFileSync(journal, makeLine('a') + makeLine('b').slice(0, 30));
    renameSync(journal, `${journal}.1`);
    appendFileSync(journal, makeLine('c'));
    expect(read({ nowMs: muchLater() })).toEqual(['a', 'journal.problem']);
    expect(read({ nowMs: muchLater() })).toEqual(['c']);
  });

  it('truncated in place is read from its beginning', () => {
    appendFileSync(journal, makeLine('a') + makeLine('b'));
    expect(read()).toEqual(['a', 'b']);
    truncateSync(journal);
    appendFileSync(journal, makeLine('c'));
    expect(read()).toEqual(['c']);
  });

  it('that took over the inode of a deleted one is read from its beginning', () => {
    appendFileSync(journal, makeLine('a'));
    read();
    unlinkSync(journal);
    appendFileSync(journal, makeLine('b') + makeLine('c'));
    expect(read()).toEqual(['b', 'c']);
  });

  it('with one endless line is skipped piece by piece, each reported', () => {
    appendFileSync(journal, `${'x'.repeat(3_000)}\n${makeLine('a')}`);
    const seen: string[] = [];
    for (let round = 0; round < 5; round += 1) seen.push(...read({ bytes: 1_000 }));
    expect(seen.filter((record) => record === 'journal.problem').length).toBeGreaterThan(1);
    expect(seen.at(-1)).toBe('a');
  });
});
