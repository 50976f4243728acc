import { mkdirSync } from 'node:fs';
import { runCommand, stopCommandsOnSignal, stoppedExitCode } from './run-command.ts';
import { MINUTE_MS, REPORTS, runSuite, vitestSuite } from './run-suite.ts';
import { formatTally } from './tally-report.ts';

/** What `e2e/cluster/provide.ts` exits with where the machine lacks something; it has said what. */
const CANNOT_RUN_HERE = 78;

/** Builds what is missing, which takes long the first time, and runs the tests on a real cluster. @returns the exit code */
async function runClusterTests(filters: readonly string[]): Promise<number> {
  mkdirSync(REPORTS, { recursive: true });
  const provide = { command: process.execPath, args: ['e2e/cluster/provide.ts'], timeoutMs: 40 * MINUTE_MS };
  const { exitCode, timedOut } = await runCommand(provide);
  if (exitCode === CANNOT_RUN_HERE) return 0;
  if (exitCode !== 0) {
    console.log(timedOut ? 'podwire: building Kubernetes took longer than 40 minutes' : '');
    console.log('0 passed, 1 failed');
    return 1;
  }
  const tally = await runSuite(vitestSuite('cluster', 25 * MINUTE_MS, filters));
  console.log(`\n${formatTally(tally)}`);
  return tally.failed === 0 ? 0 : 1;
}

stopCommandsOnSignal();
const exitCode = await runClusterTests(process.argv.slice(2));
process.exitCode = stoppedExitCode() ?? exitCode;
