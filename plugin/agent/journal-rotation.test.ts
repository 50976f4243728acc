import { appendFileSync, existsSync, renameSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeRecords, makeJournalLine, TestJournal } from './test-journal.ts';

let journal: TestJournal;

beforeEach(() => {
  journal = new TestJournal();
});
afterEach(() => journal[Symbol.dispose]());

describe('the journal of a node', () => {
  it('is read to the end of the rotated file before the new one, and what a late writer appends comes too', () => {
    appendFileSync(journal.path, makeJournalLine('a') + makeJournalLine('b'));
    expect(journal.read({ lines: 1 })).toEqual(['a']);
    renameSync(journal.path, `${journal.path}.1`);
    appendFileSync(journal.path, makeJournalLine('c'));
    expect(journal.readAll()).toEqual(['b', 'c']);
    journal.isOpen = true;
    journal.tail.tidy();
    appendFileSync(`${journal.path}.1`, makeJournalLine('late'));
    expect(journal.readAll()).toEqual(['late']);
    journal.isOpen = false;
    journal.tail.tidy();
    expect(journal.listFiles()).toEqual(['invocations.ndjson']);
  });

  it('rotated twice while nobody read loses nothing, in whatever order the names are', () => {
    appendFileSync(journal.path, makeJournalLine('a'));
    expect(journal.read()).toEqual(['a']);
    appendFileSync(journal.path, makeJournalLine('b'));
    renameSync(journal.path, `${journal.path}.2`);
    appendFileSync(`${journal.path}.1`, makeJournalLine('c'));
    appendFileSync(journal.path, makeJournalLine('d'));
    expect(journal.readAll().sort()).toEqual(['b', 'c', 'd']);
  });

  it('waits for the rest of the last line of a rotated file as long as a writer has it, then reports it torn', () => {
    appendFileSync(journal.path, makeJournalLine('a') + makeJournalLine('b').slice(0, 30));
    renameSync(journal.path, `${journal.path}.1`);
    appendFileSync(journal.path, makeJournalLine('c'));
    journal.isOpen = true;
    expect(journal.readAll()).toEqual(['a', 'c']);
    journal.isOpen = false;
    expect(journal.readAll()).toEqual(['journal.problem']);
    journal.tail.tidy();
    expect(journal.listFiles()).toEqual(['invocations.ndjson']);
  });

  it('on a file system that cannot tell of writers keeps a rotated file until it was quiet for long', () => {
    journal.isOpen = undefined;
    appendFileSync(`${journal.path}.1`, makeJournalLine('a'));
    expect(journal.readAll()).toEqual(['a']);
    journal.tail.tidy();
    journal.nowMs = 50_000;
    appendFileSync(`${journal.path}.1`, makeJournalLine('late'));
    expect(journal.readAll()).toEqual(['late']);
    journal.tail.tidy();
    journal.nowMs = 100_000;
    journal.tail.tidy();
    expect(journal.listFiles()).toEqual(['invocations.ndjson.1']);
    journal.nowMs = 120_000;
    journal.tail.tidy();
    expect(journal.listFiles()).toEqual([]);
  });

  it('rotates when it is large, and a rotated file goes when all of it was acknowledged, not before', () => {
    journal.restart({ fileBytes: 700 });
    appendFileSync(journal.path, makeJournalLine('a') + makeJournalLine('b'));
    journal.tail.tidy();
    expect(existsSync(journal.path)).toBe(false);
    expect(journal.read({ lines: 1 })).toEqual(['a']);
    const taken = journal.tail.read();
    journal.tail.tidy();
    expect(journal.listFiles()).toHaveLength(1);
    journal.tail.acknowledge(taken);
    journal.tail.tidy();
    expect(journal.listFiles()).toEqual([]);
    appendFileSync(journal.path, makeJournalLine('c'));
    journal.tail.tidy();
    expect(journal.read()).toEqual(['c']);
  });

  it('beyond its greatest size loses its oldest file, and counts the lines that nobody has seen', () => {
    const line = makeJournalLine('a');
    journal.restart({ totalBytes: line.length * 3 });
    appendFileSync(`${journal.path}.1`, makeJournalLine('a') + makeJournalLine('b') + makeJournalLine('c'));
    expect(journal.read({ lines: 1 })).toEqual(['a']);
    appendFileSync(`${journal.path}.2`, makeJournalLine('d'));
    appendFileSync(journal.path, makeJournalLine('e'));
    journal.tail.tidy();
    expect(journal.listFiles()).toEqual(['invocations.ndjson', 'invocations.ndjson.2']);
    expect(journal.tail.lostLines).toBe(2);
    journal.restart();
    expect(journal.tail.lostLines).toBe(2);
    expect(journal.readAll()).toEqual(['d', 'e']);
  });

  it('beyond its greatest size keeps what is on its way to the collector', () => {
    journal.restart({ totalBytes: 1 });
    appendFileSync(`${journal.path}.1`, makeJournalLine('a'));
    appendFileSync(`${journal.path}.2`, makeJournalLine('b'));
    const taken = journal.tail.read();
    journal.tail.tidy();
    expect(journal.listFiles()).toEqual(['invocations.ndjson.1']);
    expect(journal.tail.lostLines).toBe(1);
    journal.tail.acknowledge(taken);
    expect(describeRecords(taken)).toEqual(['a']);
  });
});
