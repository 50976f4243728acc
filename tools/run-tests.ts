import { mkdirSync } from 'node:fs';
import { runChecks } from './run-checks.ts';
import { stopCommandsOnSignal, stoppedExitCode } from './run-command.ts';
import { MINUTE_MS, REPORTS, runSuite, type Suite, vitestSuite } from './run-suite.ts';
import { addTallies, formatTally, type Tally, tallyPlaywrightReport } from './tally-report.ts';

const SUITES: readonly Suite[] = [
  vitestSuite('unit', 5 * MINUTE_MS),
  vitestSuite('kernel', 40 * MINUTE_MS),
  {
    name: 'browser tests (Playwright)',
    args: ['node_modules/@playwright/test/cli.js', 'test', '--config=e2e/playwright.config.ts', '--reporter=list,json'],
    env: { PLAYWRIGHT_JSON_OUTPUT_FILE: `${process.cwd()}/${REPORTS}/browser.json` },
    reportPath: `${REPORTS}/browser.json`,
    tallyReport: tallyPlaywrightReport,
    timeoutMs: 10 * MINUTE_MS,
  },
];

/** Runs the checks and every suite, the later ones too when an earlier one fails, and sums them. */
async function runTests(): Promise<Tally> {
  mkdirSync(REPORTS, { recursive: true });
  const checks = await runChecks();
  const lines = [{ name: 'checks', tally: { passed: checks.passed, failed: checks.failed.length, skipped: 0 } }];
  for (const suite of SUITES) lines.push({ name: suite.name, tally: await runSuite(suite) });
  console.log('');
  for (const { name, tally } of lines) console.log(`podwire: ${name}: ${formatTally(tally)}`);
  for (const name of checks.failed) console.log(`podwire: failed: ${name}`);
  return addTallies(lines.map(({ tally }) => tally));
}

stopCommandsOnSignal();
const total = await runTests();
console.log(`\n${formatTally(total)}`);
process.exitCode = stoppedExitCode() ?? (total.failed === 0 ? 0 : 1);
