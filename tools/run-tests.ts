import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { runChecks } from './run-checks.ts';
import { runCommand, stopCommandsOnSignal, stoppedExitCode } from './run-command.ts';
import {
  addTallies,
  formatTally,
  type Tally,
  tallyPlaywrightReport,
  tallySuite,
  tallyVitestReport,
} from './tally-report.ts';

type Suite = {
  readonly name: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly reportPath: string;
  readonly tallyReport: (report: never) => Tally;
  readonly timeoutMs: number;
};

const MINUTE_MS = 60_000;
const REPORTS = 'test-results';

const vitestSuite = (project: string, timeoutMs: number): Suite => ({
  name: `${project} tests (vitest)`,
  args: [
    'node_modules/vitest/vitest.mjs',
    'run',
    `--project=${project}`,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${REPORTS}/${project}.json`,
  ],
  reportPath: `${REPORTS}/${project}.json`,
  tallyReport: tallyVitestReport,
  timeoutMs,
});

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

const readTally = ({ reportPath, tallyReport }: Suite): Tally | undefined => {
  try {
    return tallyReport(JSON.parse(readFileSync(reportPath, 'utf8')) as never);
  } catch {
    return undefined;
  }
};

const runSuite = async (suite: Suite): Promise<Tally> => {
  console.log(`\npodwire: ${suite.name}`);
  rmSync(suite.reportPath, { force: true });
  const { exitCode, timedOut } = await runCommand({ command: process.execPath, ...suite });
  if (timedOut) console.log(`podwire: ${suite.name} took longer than ${suite.timeoutMs / MINUTE_MS} minutes`);
  return tallySuite(readTally(suite), exitCode);
};

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
