import { appendFileSync, existsSync, mkdirSync, rmSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeJournalEvent, makeJournalLine, TestJournal } from './test-journal.ts';

let journal: TestJournal;

beforeEach(() => {
  journal = new TestJournal();
});
afterEach(() => journal[Symbol.dispose]());

describe('the journal of a node', () => {
  it('is read once, line by line, as it grows', () => {
    appendFileSync(journal.path, makeJournalLine('a') + makeJournalLine('b'));
    expect(journal.read()).toEqual(['a', 'b']);
    expect(journal.read()).toEqual([]);
    appendFileSync(journal.path, makeJournalLine('c'));
    expect(journal.read()).toEqual(['c']);
  });

  it('that does not exist yet holds nothing', () => {
    expect(journal.read()).toEqual([]);
    expect(existsSync(journal.cursorPath)).toBe(false);
  });

  it('is not read past what one batch may hold', () => {
    appendFileSync(journal.path, ['a', 'b', 'c'].map(makeJournalLine).join(''));
    expect(journal.read({ lines: 2 })).toEqual(['a', 'b']);
    expect(journal.read({ lines: 2 })).toEqual(['c']);
  });

  it('goes on after a restart where the last acknowledged line ended', () => {
    appendFileSync(journal.path, makeJournalLine('a') + makeJournalLine('b'));
    expect(journal.read({ lines: 1 })).toEqual(['a']);
    journal.tail.read();
    journal.restart();
    expect(journal.read()).toEqual(['b']);
  });

  it.each(['{"files":[{"inode":"12"', '', 'null', '{"inode":"1","offset":3}', '\0\0\0'])(
    'is read from its beginning where the cursor is damaged: %j',
    (text) => {
      appendFileSync(journal.path, makeJournalLine('a'));
      journal.read();
      writeFileSync(journal.cursorPath, text);
      journal.restart();
      expect(journal.read()).toEqual(['a']);
    },
  );

  it('goes on where the cursor cannot be written, and says so once', () => {
    writeFileSync(join(journal.directory, 'agent'), 'a file where a folder should be');
    appendFileSync(journal.path, makeJournalLine('a'));
    expect(journal.read()).toEqual(['a']);
    appendFileSync(journal.path, makeJournalLine('b'));
    expect(journal.read()).toEqual(['b']);
    expect(journal.troubles).toEqual(['remember']);
  });

  it('waits for the rest of a torn last line', () => {
    const line = makeJournalLine('b');
    appendFileSync(journal.path, makeJournalLine('a') + line.slice(0, 40));
    expect(journal.read()).toEqual(['a']);
    expect(journal.read()).toEqual([]);
    appendFileSync(journal.path, line.slice(40));
    expect(journal.read()).toEqual(['b']);
  });

  it('gives the invocation behind a line that a crash tore, and reports the torn one', () => {
    appendFileSync(journal.path, makeJournalLine('a').slice(0, 60) + makeJournalLine('b') + makeJournalLine('c'));
    expect(journal.read()).toEqual(['b', 'journal.problem', 'c']);
  });

  it('reports a foreign line with its place and goes on', () => {
    const first = makeJournalLine('a');
    appendFileSync(journal.path, `${first}hello\n{"specversion":"1.0"}\n${makeJournalLine('b')}`);
    const { records } = journal.tail.read();
    expect(records.map(({ type }) => type)).toEqual(['invocation', 'journal.problem', 'journal.problem', 'invocation']);
    expect(records[1]).toMatchObject({ file: journal.path, offset: first.length });
    expect(records[1]).toHaveProperty('message', expect.stringContaining('not JSON'));
  });

  it('is read around files of others', () => {
    writeFileSync(join(journal.folder, 'README'), 'hello\n');
    mkdirSync(`${journal.path}.d`);
    appendFileSync(journal.path, makeJournalLine('a'));
    expect(journal.readAll()).toEqual(['a']);
    journal.tail.tidy();
    expect(journal.troubles).toEqual([]);
  });

  it('deleted with its folder is read on when it is there again', () => {
    appendFileSync(journal.path, makeJournalLine('a'));
    expect(journal.read()).toEqual(['a']);
    rmSync(journal.folder, { recursive: true });
    expect(journal.read()).toEqual([]);
    journal.tail.tidy();
    mkdirSync(journal.folder);
    appendFileSync(journal.path, makeJournalLine('b'));
    expect(journal.read()).toEqual(['b']);
  });

  it('knows how much of it waits', () => {
    const line = makeJournalLine('a');
    appendFileSync(`${journal.path}.1`, line);
    appendFileSync(journal.path, line + line);
    expect(journal.tail.countWaitingBytes()).toBe(3 * line.length);
    journal.read({ lines: 1 });
    journal.read({ lines: 1 });
    expect(journal.tail.countWaitingBytes()).toBe(line.length);
  });

  it('truncated in place is read from its beginning', () => {
    appendFileSync(journal.path, makeJournalLine('a') + makeJournalLine('b'));
    expect(journal.read()).toEqual(['a', 'b']);
    truncateSync(journal.path);
    appendFileSync(journal.path, makeJournalLine('c'));
    expect(journal.read()).toEqual(['c']);
  });

  it('that took over the inode of a deleted one is read from its beginning', () => {
    appendFileSync(journal.path, makeJournalLine('a'));
    journal.read();
    unlinkSync(journal.path);
    appendFileSync(journal.path, makeJournalLine('b') + makeJournalLine('c'));
    expect(journal.read()).toEqual(['b', 'c']);
  });

  it('with a line that is longer than any of ours has it skipped and reported once', () => {
    appendFileSync(journal.path, `${'x'.repeat(30_000)}\n${makeJournalLine('a')}`);
    expect(journal.readAll({ bytes: 1_000, lineBytes: 9_000 })).toEqual(['journal.problem', 'a']);
  });

  it('with a line longer than what is read at once gives it whole', () => {
    const event = makeJournalEvent('a');
    const long = { ...event, data: { ...event.data, stdin: 'x'.repeat(5_000) } };
    appendFileSync(journal.path, `${JSON.stringify(long)}\n${makeJournalLine('b')}`);
    expect(journal.readAll({ bytes: 1_000 })).toEqual(['a', 'b']);
  });

  it('with a torn half that holds the words of an event gives the event behind it', () => {
    const event = makeJournalEvent('a');
    const stdin = { specversion: 'x' };
    const half = JSON.stringify({ ...event, data: { stdin, ...event.data } });
    const whole = JSON.stringify({ ...event, id: 'b', data: { ...event.data, stdin } });
    appendFileSync(journal.path, `${half.slice(0, -40)}${whole}\n`);
    expect(journal.readAll()).toEqual(['b', 'journal.problem']);
  });
});
