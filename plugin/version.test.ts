import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { PLUGIN_VERSION } from './version.ts';

it('the version that every event carries is the one of the package', () => {
  const text = readFileSync(join(import.meta.dirname, '..', 'package.json'), 'utf8');
  expect((JSON.parse(text) as { readonly version: string }).version).toBe(PLUGIN_VERSION);
});
