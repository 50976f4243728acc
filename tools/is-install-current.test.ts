import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

let root = '';

const writeLock = (path: string, packages: Readonly<Record<string, unknown>>): void =>
  writeFileSync(join(root, path), JSON.stringify({ packages: { '': { name: 'x' }, ...packages } }));

const isCurrent = (): boolean =>
  spawnSync(process.execPath, [resolve(import.meta.dirname, 'is-install-current.mjs')], { cwd: root }).status === 0;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'podwire-install-'));
  mkdirSync(join(root, 'node_modules'));
  writeLock('package-lock.json', {
    'node_modules/zod': { version: '4.0.0' },
    'node_modules/fsevents': { version: '2.0.0', optional: true },
  });
});
afterEach(() => rmSync(root, { recursive: true }));

describe('an installation', () => {
  it('is missing before npm has finished one', () => {
    expect(isCurrent()).toBe(false);
  });

  it('is current when only packages for other platforms are absent', () => {
    writeLock('node_modules/.package-lock.json', { 'node_modules/zod': { version: '4.0.0' } });
    expect(isCurrent()).toBe(true);
  });

  it('is stale when a version differs', () => {
    writeLock('node_modules/.package-lock.json', { 'node_modules/zod': { version: '3.9.0' } });
    expect(isCurrent()).toBe(false);
  });

  it('is stale when a package is absent', () => {
    writeLock('node_modules/.package-lock.json', { 'node_modules/fsevents': { version: '2.0.0' } });
    expect(isCurrent()).toBe(false);
  });
});
