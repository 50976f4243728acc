import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { openStore } from './open-store.ts';

function withFolder(work: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'podwire-store-'));
  try {
    work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const problemOf = (path: string): string => {
  const opened = openStore(path);
  if (!opened.ok) return opened.error.problem;
  opened.value.close();
  return '';
};

test('a file that is no database is refused by name', () => {
  withFolder((folder) => {
    const path = join(folder, 'podwire.db');
    writeFileSync(path, 'not a database, but long enough to be looked at'.repeat(50));
    expect(problemOf(path)).toContain(`${path} cannot be used: file is not a database`);
  });
});

test('a folder that cannot be made is refused, and soon', () => {
  expect(problemOf('/proc/podwire/podwire.db')).toContain('/proc/podwire');
  withFolder((folder) => {
    writeFileSync(join(folder, 'file'), '');
    expect(problemOf(join(folder, 'file', 'podwire.db'))).toContain(
      `${join(folder, 'file', 'podwire.db')} cannot be used`,
    );
  });
});

test('a store of a newer version is left as it is', () => {
  withFolder((folder) => {
    const path = join(folder, 'podwire.db');
    const newer = new DatabaseSync(path);
    newer.exec('PRAGMA user_version = 99');
    newer.close();
    expect(problemOf(path)).toContain('schema 99');
  });
});
