// The boundary table of docs/architecture.md, checked on resolved modules. Biome checks the same table on what an
// import statement says; this one also sees relative paths that climb out of a folder. `npm run check` runs both.

import { Compiler } from '@swc/core';
import { Visitor } from '@swc/core/Visitor.js';

// dependency-cruiser 17 parses every file as .ts; JSX needs the parser's `tsx`.
const parseFileSync = Compiler.prototype.parseFileSync;
Compiler.prototype.parseFileSync = function parseTsOrTsx(path, options) {
  return parseFileSync.call(this, path, { ...options, tsx: path.endsWith('x') });
};

// The visitor of @swc/core 1.16 throws on `using x = …`, which the parser does read. It holds declarations like `const`.
const visitStatement = Visitor.prototype.visitStatement;
Visitor.prototype.visitStatement = function visitAnyStatement(statement) {
  if (/** @type {string} */ (statement.type) !== 'UsingDeclaration') return visitStatement.call(this, statement);
  statement.decls = this.visitVariableDeclarators(statement.decls);
  return statement;
};

const tests = '\\.test\\.tsx?$';

/**
 * What the modules of one folder may import. Patterns match resolved paths, so npm packages start with node_modules.
 * @param {string} folder
 * @param {{ folders?: string[], files?: string[], packages?: string[], core?: boolean, not?: string }} allowed
 *   core: Node's (and Bun's) own modules; not: a folder inside that has a row of its own
 */
const allowOnly = (folder, { folders = [], files = [], packages = [], core = false, not }) => {
  const inside = not === undefined ? `^${folder}/` : `^${folder}/(?!${not}/)`;
  /** @param {string[]} names */
  const outside = (names) => [
    ...[folder, ...folders].map((name) => `^${name}/`),
    ...files.map((name) => `^${name}$`),
    ...names.map((name) => `^node_modules/${name}(/|$)`),
  ];
  const comment = `${folder}/ may import itself and ${[...folders, ...files, ...packages, ...(core ? ['node:'] : [])].join(', ')}`;
  const noCore = core ? { dependencyTypesNot: ['core'] } : {};
  return [
    {
      name: `${folder}-boundary`,
      severity: 'error',
      comment,
      from: { path: inside, pathNot: tests },
      to: { pathNot: outside(packages), ...noCore },
    },
    {
      name: `${folder}-tests-boundary`,
      severity: 'error',
      comment: `${comment}; its tests also node: and vitest`,
      from: { path: `${inside}.*${tests}` },
      to: { pathNot: outside([...packages, 'vitest', 'zod']), dependencyTypesNot: ['core'] },
    },
  ];
};

/** @type {import('dependency-cruiser').IConfiguration} */
const boundaries = {
  forbidden: [
    ...allowOnly('model', { packages: ['zod'] }),
    ...allowOnly('plugin', { folders: ['model'], packages: ['zod', '@grpc/.*'], core: true }),
    ...allowOnly('server', {
      folders: ['model'],
      packages: [
        'zod',
        'hono',
        '@hono/.*',
        '@kubernetes/client-node',
        '@opentelemetry/.*',
        'next',
        'pino',
        'prom-client',
        'ws',
        '@types/ws',
      ],
      core: true,
    }),
    ...allowOnly('components', {
      folders: ['model'],
      packages: [
        'zod',
        'react',
        'react-dom',
        '@types/react',
        '@types/react-dom',
        'd3-.*',
        '@types/d3-.*',
        'radix-ui',
        'lucide-react',
        'next/(link|navigation)[.]js',
      ],
    }),
    ...allowOnly('app', {
      folders: ['components', 'model'],
      packages: ['react', '@types/react', 'next', '@fontsource-variable/.*'],
    }),
    ...allowOnly('lab', { folders: ['model'], packages: ['zod', 'ws', '@types/ws', 'pino'], core: true }),
    ...allowOnly('e2e', {
      folders: ['model'],
      packages: ['@playwright/test', '@axe-core/playwright', 'playwright-core'],
      core: true,
      not: 'cluster',
    }),
    ...allowOnly('deploy', {
      folders: ['model', 'plugin', 'server'],
      packages: ['@kubernetes/client-node', 'pino'],
      core: true,
    }),
    ...allowOnly('e2e/cluster', {
      folders: ['model'],
      files: [
        'lab/(lab-plan|run-command)[.]ts',
        'lab/machine/(bind-programs|namespace-holder)[.]ts',
        'plugin/clients/(pack-image|tar-archive)[.]ts',
        'deploy/find-helm[.]ts',
      ],
      packages: ['@kubernetes/client-node', '@playwright/test'],
      core: true,
    }),
    ...allowOnly('bench', {
      folders: ['model', 'e2e/cluster'],
      files: ['lab/run-command[.]ts', 'server/testing/server-process[.]ts'],
      core: true,
    }),
    ...allowOnly('tools', { packages: ['dependency-cruiser'], core: true }),
    {
      name: 'cni-never-agent',
      severity: 'error',
      comment: 'the plugin has to work when no agent runs',
      from: { path: '^plugin/cni/' },
      to: { path: '^plugin/agent/' },
    },
    {
      name: 'agent-never-cni',
      severity: 'error',
      comment: 'the agent reads the journal and the kernel, not the plugin',
      from: { path: '^plugin/agent/' },
      to: { path: '^plugin/cni/' },
    },
    {
      name: 'bun-only-in-the-executable',
      severity: 'error',
      comment: 'everything else runs on Node',
      from: { pathNot: '^plugin/' },
      to: { path: '^bun(:|$)' },
    },
    {
      name: 'one-door-to-native-code',
      severity: 'error',
      comment: 'only plugin/netlink/libc.ts imports bun:ffi',
      from: { pathNot: '^plugin/netlink/libc\\.ts$' },
      to: { path: '^bun:ffi$' },
    },
    {
      name: 'grpc-only-in-the-cri-client',
      severity: 'error',
      comment: 'the kubelet side of the tests with containerd; nothing of the executable speaks gRPC',
      from: { pathNot: '^plugin/clients/cri-client\\.ts$' },
      to: { path: '^node_modules/@grpc/' },
    },
    {
      name: 'layout-is-numbers',
      severity: 'error',
      comment: 'layout-*.ts returns numbers: no React, no DOM',
      from: { path: '^components/.*layout-[^/]+\\.ts$', pathNot: tests },
      to: { path: '^node_modules/(@types/)?(react|react-dom|d3-selection)(/|$)' },
    },
    {
      name: 'only-main-wires-the-server',
      severity: 'error',
      comment: 'nothing imports server/main.ts',
      from: {},
      to: { path: '^server/main\\.ts$' },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'resolvable',
      severity: 'error',
      comment: 'an import that leads nowhere',
      from: {},
      to: { couldNotResolve: true, pathNot: '^bun(:|$)' },
    },
  ],
  options: {
    parser: 'swc',
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(\\.next[^/]*|dist|\\.podwire)/' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      extensions: ['.ts', '.tsx', '.mts', '.mjs', '.js', '.json', '.css'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      mainFields: ['module', 'main', 'types', 'typings'],
    },
  },
};

export default boundaries;
