import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { STATUS_FILE } from '#plugin/configuration/node-directories.ts';
import { readRuntimeStatus } from './read-runtime-status.ts';

const folder = mkdtempSync(join(tmpdir(), 'podwire-status-'));
afterAll(() => rmSync(folder, { recursive: true }));

const note = (text: string): void => writeFileSync(join(folder, STATUS_FILE), text);
const askedAt = '2026-11-25T12:03:09.000001Z';
const plain = { lastAskedAt: askedAt, since: askedAt, network: 'podwire' };

it('tells what the plugin noted, and after half a minute of silence that the runtime asks no more', () => {
  note(`${JSON.stringify({ ...plain, unjournalled: 0 })}      `);
  expect(readRuntimeStatus(folder, Date.parse(askedAt) + 29_000)).toEqual({ ...plain, isAsked: true });
  expect(readRuntimeStatus(folder, Date.parse(askedAt) + 31_000)).toEqual({ ...plain, isAsked: false });
});

it.each(['', '{"lastAskedAt":"2026', '[]', '{}'])('takes %j for no note', (text) => {
  note(text);
  expect(readRuntimeStatus(folder, 0)).toBeUndefined();
});

it('knows of no STATUS on a node that was never asked', () => {
  expect(readRuntimeStatus(join(folder, 'nowhere'), 0)).toBeUndefined();
});
