import { spawnSync } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { resolve } from 'node:path';

/** The folders of docs/architecture.md, and those that measure, pack and build. */
const FOLDERS = ['model', 'plugin', 'server', 'components', 'app', 'lab', 'e2e', 'bench', 'deploy', 'tools'];

type CruiseResult = {
  readonly modules: readonly { readonly source: string; readonly dependencies: readonly unknown[] }[];
  readonly summary: {
    readonly violations: readonly {
      readonly from: string;
      readonly to: string;
      readonly rule: { readonly name: string };
    }[];
  };
};

export type BoundaryReport = {
  /** one line per violation, unread source file or failure of the tool itself; empty when the table holds */
  readonly problems: readonly string[];
  readonly moduleCount: number;
  readonly importCount: number;
};

const cruise = (root: string, folders: readonly string[]): CruiseResult | string => {
  const project = resolve(import.meta.dirname, '..');
  const run = spawnSync(
    process.execPath,
    [
      resolve(project, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs'),
      '--config',
      resolve(project, '.dependency-cruiser.mjs'),
      '--output-type',
      'json',
      ...folders,
    ],
    { cwd: root, encoding: 'utf8', maxBuffer: 256 * 1024 * 1024 },
  );
  try {
    return JSON.parse(run.stdout) as CruiseResult;
  } catch {
    return `dependency-cruiser failed: ${run.stderr.trim() || `exit ${run.status ?? run.signal}`}`;
  }
};

/**
 * Checks the boundary table on resolved modules. A cruise that read nothing passes everything, so every source file has
 * to be among its modules and some import has to be found.
 * @param root folder that holds model/, plugin/ and so on
 */
export function checkBoundaries(root: string): BoundaryReport {
  const folders = FOLDERS.filter((folder) => existsSync(resolve(root, folder)));
  const result: CruiseResult | string =
    folders.length === 0 ? `none of ${FOLDERS.join(', ')} is in ${root}` : cruise(root, folders);
  if (typeof result === 'string') return { problems: [result], moduleCount: 0, importCount: 0 };
  const readSources = new Set(result.modules.map((module) => module.source));
  const sources = globSync(
    folders.map((folder) => `${folder}/**/*.{ts,tsx}`),
    { cwd: root },
  );
  const importCount = result.modules.reduce((sum, module) => sum + module.dependencies.length, 0);
  return {
    problems: [
      ...result.summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`),
      ...sources.filter((source) => !readSources.has(source)).map((source) => `not read: ${source}`),
      ...(importCount === 0 ? ['no import found: the parser (@swc/core) read nothing'] : []),
    ],
    moduleCount: sources.length,
    importCount,
  };
}

if (import.meta.main) {
  const { problems, moduleCount, importCount } = checkBoundaries(process.cwd());
  for (const problem of problems) console.error(problem);
  console.log(`${problems.length} boundary problems in ${importCount} imports of ${moduleCount} modules`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
