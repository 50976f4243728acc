import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkBoundaries } from './check-boundaries.ts';

let root = '';

const write = (files: Readonly<Record<string, string>>): void => {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
};

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'podwire-boundaries-'));
  write({ 'package.json': '{"type":"module","imports":{"#plugin/*":"./plugin/*","#model/*":"./model/*"}}' });
});
afterEach(() => rmSync(root, { recursive: true }));

describe('the boundary table', () => {
  it.each([
    ['model imports node:', 'model-boundary', { 'model/a.ts': "import 'node:fs';" }],
    [
      'server imports the plugin',
      'server-boundary',
      { 'server/a.ts': "import '#plugin/b.ts';", 'plugin/b.ts': 'export const b = 1;' },
    ],
    [
      'a component climbs into the lab',
      'components-boundary',
      { 'components/a.ts': "import '../lab/b.ts';", 'lab/b.ts': 'export const b = 1;' },
    ],
    [
      'a test in model imports the server',
      'model-tests-boundary',
      { 'model/a.test.ts': "import '../server/b.ts';", 'server/b.ts': 'export const b = 1;' },
    ],
    [
      'plugin/cni imports plugin/agent',
      'cni-never-agent',
      { 'plugin/cni/a.ts': "import '../agent/b.ts';", 'plugin/agent/b.ts': 'export const b = 1;' },
    ],
    [
      'plugin/agent imports plugin/cni',
      'agent-never-cni',
      { 'plugin/agent/a.ts': "import '../cni/b.ts';", 'plugin/cni/b.ts': 'export const b = 1;' },
    ],
    [
      'a second file imports bun:ffi',
      'one-door-to-native-code',
      { 'plugin/network/a.ts': "import { dlopen } from 'bun:ffi';\ndlopen('', {});" },
    ],
    [
      'the plugin speaks gRPC',
      'grpc-only-in-the-cri-client',
      {
        'plugin/network/a.ts': "import '@grpc/grpc-js';",
        'node_modules/@grpc/grpc-js/package.json': '{"name":"@grpc/grpc-js","main":"index.js"}',
        'node_modules/@grpc/grpc-js/index.js': '',
      },
    ],
    [
      'a layout imports React',
      'layout-is-numbers',
      {
        'components/node/layout-node.ts': "import 'react';",
        'node_modules/react/package.json': '{"name":"react","main":"index.js"}',
        'node_modules/react/index.js': '',
      },
    ],
    [
      'two modules import each other',
      'no-cycles',
      { 'model/a.ts': "import './b.ts';", 'model/b.ts': "import './a.ts';" },
    ],
    ['an import leads nowhere', 'resolvable', { 'model/a.ts': "import './gone.ts';" }],
  ])('refuses when %s', (_, rule, files) => {
    write(files);
    expect(checkBoundaries(root).problems.join('\n')).toContain(`${rule}: `);
  });

  it('accepts the one file that may import bun:ffi', () => {
    write({ 'plugin/netlink/libc.ts': "import 'bun:ffi';" });
    expect(checkBoundaries(root).problems).toEqual([]);
  });

  it('reads files with `using` declarations', () => {
    write({
      'model/a.ts':
        "import 'node:fs';\nexport function f(): void {\n  using x = { [Symbol.dispose]() {} };\n  void x;\n}\n",
    });
    expect(checkBoundaries(root).problems).toEqual(['model-boundary: model/a.ts → fs']);
  });

  it('refuses a tree without folders and a tree without imports', () => {
    expect(checkBoundaries(root).problems).toHaveLength(1);
    write({ 'model/a.ts': 'export const a = 1;' });
    expect(checkBoundaries(root).problems).toEqual(['no import found: the parser (@swc/core) read nothing']);
  });

  it('reads the modules and imports of this project', () => {
    const report = checkBoundaries(resolve(import.meta.dirname, '..'));
    expect(report.problems).toEqual([]);
    expect(report.moduleCount).toBeGreaterThan(10);
    expect(report.importCount).toBeGreaterThan(report.moduleCount);
  }, 60_000);
});
