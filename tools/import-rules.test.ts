import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** The table of docs/architecture.md by example: [file, what it may import, what it may not]. */
const TABLE: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ['model/a.ts', ['zod', '../b.ts'], ['node:fs', 'bun:ffi', 'react', 'd3-scale', '#plugin/a.ts', 'vitest']],
  ['model/a.test.ts', ['vitest', 'node:fs', '#model/a.ts'], ['react', '#server/a.ts']],
  [
    'plugin/a.ts',
    ['node:fs', 'bun:ffi', '#model/a.ts'],
    ['#server/a.ts', '#lab/a.ts', 'react', 'hono', '@grpc/grpc-js'],
  ],
  ['plugin/clients/cri-client.ts', ['node:path', '@grpc/grpc-js', '#plugin/a.ts'], ['#server/a.ts', 'hono']],
  [
    'server/a.ts',
    ['node:fs/promises', 'hono', '@hono/node-server', 'ws', 'next'],
    ['#plugin/a.ts', '#components/a.ts', 'bun:ffi'],
  ],
  [
    'components/a.tsx',
    ['react', 'd3-scale', 'radix-ui', 'next/link'],
    ['node:fs', '#server/a.ts', '#lab/a.ts', 'next', 'ws'],
  ],
  ['app/a.tsx', ['#components/a.tsx', 'next/navigation'], ['#server/a.ts', '#plugin/a.ts', '#lab/a.ts', 'node:fs']],
  ['lab/a.ts', ['node:net', '#model/a.ts'], ['#server/a.ts', '#components/a.ts', 'react']],
  ['e2e/a.ts', ['@playwright/test', '#model/a.ts'], ['#server/a.ts', '#lab/a.ts', 'react']],
  ['bench/a.ts', ['node:fs', '#model/a.ts'], ['#plugin/a.ts', '#server/a.ts']],
  ['deploy/a.ts', ['node:fs', '#model/a.ts'], ['#server/a.ts', '#plugin/a.ts', 'hono']],
  ['tools/a.ts', ['node:fs'], ['#model/a.ts', 'zod']],
];

let refused: ReadonlySet<string> = new Set();

/** Lints one file per row, one import a line, and keeps `file import` of every refusal. */
beforeAll(() => {
  const root = mkdtempSync(join(tmpdir(), 'podwire-imports-'));
  const project = resolve(import.meta.dirname, '..');
  cpSync(join(project, 'biome.json'), join(root, 'biome.json'));
  writeFileSync(join(root, '.gitignore'), 'node_modules/\n');
  const imports = new Map(TABLE.map(([file, allowed, forbidden]) => [file, [...allowed, ...forbidden]]));
  for (const [file, names] of imports) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), names.map((name) => `import '${name}';\n`).join(''));
  }
  const biome = join(project, 'node_modules/@biomejs/biome/bin/biome');
  const run = spawnSync(process.execPath, [biome, 'lint', '--max-diagnostics=none', '--reporter=github', '.'], {
    cwd: root,
    encoding: 'utf8',
  });
  rmSync(root, { recursive: true });
  const lines = run.stdout.matchAll(/noRestrictedImports,file=([^,]+),line=(\d+)/g);
  refused = new Set(
    [...lines].map(([, path = '', line]) => {
      const file = relative(root, resolve(root, path));
      return `${file} ${imports.get(file)?.[Number(line) - 1]}`;
    }),
  );
}, 60_000);

afterAll(() => expect(refused.size).toBeGreaterThan(0));

describe.each(TABLE)('%s', (file, allowed, forbidden) => {
  it.each(allowed)('may import %s', (name) => expect(refused).not.toContain(`${file} ${name}`));
  it.each(forbidden)('may not import %s', (name) => expect(refused).toContain(`${file} ${name}`));
});
