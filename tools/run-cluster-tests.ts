import { mkdirSync } from 'node:fs';
import { type Command, runCommand, stopCommandsOnSignal, stoppedExitCode } from './run-command.ts';
import { MINUTE_MS, REPORTS, runSuite, vitestSuite } from './run-suite.ts';
import { formatTally, type Tally } from './tally-report.ts';

/** What `e2e/cluster/provide.ts` exits with where the machine lacks something; it has said what. */
const CANNOT_RUN_HERE = 78;

/** Of everything: continuous integration ends a run at 90 minutes, and the other tests take twenty. */
const TOTAL_MINUTES = 65;

/** What has to be there, in its order; each is made once and kept. */
const PREPARATIONS: readonly (Command & { readonly what: string })[] = [
  {
    what: 'building Kubernetes',
    command: process.execPath,
    args: ['e2e/cluster/provide.ts'],
    timeoutMs: 35 * MINUTE_MS,
  },
  {
    what: 'building the image',
    command: 'sh',
    args: ['tools/bootstrap.sh', 'image'],
    timeoutMs: 15 * MINUTE_MS,
  },
];

const FAILED: Tally = { passed: 0, failed: 1, skipped: 0 };

/** Builds what is missing, which takes long the first time, and runs the tests. @returns undefined where they cannot run here */
async function runClusterTests(filters: readonly string[]): Promise<Tally | undefined> {
  mkdirSync(REPORTS, { recursive: true });
  const endMs = performance.now() + TOTAL_MINUTES * MINUTE_MS;
  const limit = (timeoutMs: number): number => Math.max(1, Math.min(timeoutMs, endMs - performance.now()));
  for (const { what, ...command } of PREPARATIONS) {
    const { exitCode, timedOut } = await runCommand({ ...command, timeoutMs: limit(command.timeoutMs) });
    if (exitCode === CANNOT_RUN_HERE) return undefined;
    if (timedOut) console.log(`podwire: ${what} took longer than ${command.timeoutMs / MINUTE_MS} minutes`);
    if (exitCode !== 0) return FAILED;
  }
  return await runSuite(vitestSuite('cluster', limit(40 * MINUTE_MS), filters));
}

stopCommandsOnSignal();
const tally = await runClusterTests(process.argv.slice(2));
if (tally !== undefined) console.log(`\n${formatTally(tally)}`);
process.exitCode = stoppedExitCode() ?? (tally === undefined || tally.failed === 0 ? 0 : 1);
