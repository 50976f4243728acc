import { runCommand, stopCommandsOnSignal, stoppedExitCode } from './run-command.ts';

type Check = { readonly name: string; readonly args: readonly string[] };

const MINUTE_MS = 60_000;

/** Each runs with the Node that runs this. */
const CHECKS: readonly Check[] = [
  { name: 'format, lint and import boundaries (biome)', args: ['node_modules/@biomejs/biome/bin/biome', 'check', '.'] },
  { name: 'types (tsc)', args: ['node_modules/typescript/bin/tsc', '--noEmit', '-p', '.'] },
  { name: 'folder boundaries (dependency-cruiser)', args: ['tools/check-boundaries.ts'] },
  { name: 'manifests in step with their chart', args: ['deploy/render-manifests.ts', '--check'] },
  { name: 'unused code (knip)', args: ['node_modules/knip/bin/knip.js', '--no-progress'] },
];

export type CheckTally = { readonly passed: number; readonly failed: readonly string[] };

/** Runs every check, the later ones too when an earlier one fails. */
export async function runChecks(): Promise<CheckTally> {
  const failed: string[] = [];
  for (const { name, args } of CHECKS) {
    console.log(`\npodwire: ${name}`);
    const { exitCode } = await runCommand({ command: process.execPath, args, timeoutMs: 5 * MINUTE_MS });
    if (exitCode !== 0) failed.push(name);
  }
  return { passed: CHECKS.length - failed.length, failed };
}

if (import.meta.main) {
  stopCommandsOnSignal();
  const { passed, failed } = await runChecks();
  for (const name of failed) console.log(`podwire: failed: ${name}`);
  console.log(`\n${passed} passed, ${failed.length} failed`);
  process.exitCode = stoppedExitCode() ?? (failed.length === 0 ? 0 : 1);
}
