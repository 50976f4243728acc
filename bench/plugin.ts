import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { describeMachine } from './describe-machine.ts';
import { formatPluginReport } from './format-plugin-report.ts';
import type { PluginMeasurement } from './plugin-measurement.ts';
import { replaceSection } from './replace-section.ts';

const referenceDirectory = '/usr/lib/cni';

/**
 * `npm run bench -- plugin [--rounds 100] [--parallel 100] [--write]`
 *
 * Measures ADD and DEL of dist/podwire, of the reference plugins and of a bash plugin, all in one throw-away world
 * (user, network and mount namespace), in interleaved rounds, so that whatever else the machine does meets all alike.
 * Returns the exit code. `--write` puts the report into docs/performance.md.
 */
export function runPluginBench(args: readonly string[]): number {
  const { values: options } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string', default: '100' },
      parallel: { type: 'string', default: '100' },
      write: { type: 'boolean', default: false },
    },
  });
  const root = resolve(import.meta.dirname, '..');
  const podwire = resolve(root, 'dist/podwire');
  const missing = listMissing(podwire);
  if (missing.length > 0) {
    process.stderr.write(`${missing.join('\n')}\n`);
    return 1;
  }
  const machine = describeMachine();
  const scratch = mkdtempSync(join(tmpdir(), 'podwire-bench-'));
  let measurement: PluginMeasurement;
  try {
    measurement = measureInWorld({ podwire, empty: buildEmptyExecutable(root, scratch) }, options);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  const report = formatPluginReport(measurement);
  process.stdout.write(`${machine}\n\n${report}\n`);
  if (options.write) {
    const path = resolve(root, 'docs/performance.md');
    const command = `npm run bench -- plugin --rounds ${options.rounds} --parallel ${options.parallel} --write`;
    const section = `\`${command}\` on ${machine}:\n\n${report}`;
    writeFileSync(path, replaceSection(readFileSync(path, 'utf8'), 'bench:plugin', section));
  }
  return 0;
}

function listMissing(podwire: string): readonly string[] {
  const remedies: readonly (readonly [string, string])[] = [
    [podwire, 'npm run build'],
    [`${referenceDirectory}/bridge`, 'apt-get install containernetworking-plugins'],
    ['/usr/bin/jq', 'apt-get install jq'],
  ];
  return remedies.filter(([path]) => !existsSync(path)).map(([path, remedy]) => `${path} is missing: ${remedy}`);
}

function buildEmptyExecutable(root: string, directory: string): string {
  const path = join(directory, 'empty');
  const source = join(import.meta.dirname, 'empty-executable.ts');
  const build = spawnSync(process.execPath, [join(root, 'plugin/build.ts'), source, path], { encoding: 'utf8' });
  if (build.status !== 0) throw new Error(`the empty executable was not built: ${build.stderr}`);
  return path;
}

function measureInWorld(
  { podwire, empty }: { readonly podwire: string; readonly empty: string },
  options: { rounds: string; parallel: string },
): PluginMeasurement {
  const world = spawnSync(
    'unshare',
    [
      ...[
        '-Urnm',
        '--propagation',
        'private',
        process.execPath,
        fileURLToPath(import.meta.resolve('./plugin-world.ts')),
      ],
      ...['--rounds', options.rounds, '--parallel', options.parallel],
      ...['--podwire', podwire, '--reference', referenceDirectory],
      ...['--bash', resolve(import.meta.dirname, 'bash-plugin.sh'), '--empty', empty],
    ],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
  );
  if (world.status !== 0) throw new Error(`the measuring process ended with ${world.status ?? world.signal}`);
  return JSON.parse(world.stdout);
}
