import { readFileSync, rmSync } from 'node:fs';
import { runCommand } from './run-command.ts';
import { type Tally, tallySuite, tallyVitestReport } from './tally-report.ts';

/** One test runner's run: how to start it, and where it leaves its report. */
export type Suite = {
  readonly name: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly reportPath: string;
  readonly tallyReport: (report: never) => Tally;
  readonly timeoutMs: number;
};

export const MINUTE_MS = 60_000;
/** Folder of all reports; made by whoever runs suites. */
export const REPORTS = 'test-results';

/** @param filters parts of paths: only test files that have one of them run */
export const vitestSuite = (project: string, timeoutMs: number, filters: readonly string[] = []): Suite => ({
  name: `${project} tests (vitest)`,
  args: [
    'node_modules/vitest/vitest.mjs',
    'run',
    `--project=${project}`,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${REPORTS}/${project}.json`,
    ...filters,
  ],
  reportPath: `${REPORTS}/${project}.json`,
  tallyReport: tallyVitestReport,
  timeoutMs,
});

const readTally = ({ reportPath, tallyReport }: Suite): Tally | undefined => {
  try {
    return tallyReport(JSON.parse(readFileSync(reportPath, 'utf8')) as never);
  } catch {
    return undefined;
  }
};

/** Runs a suite with our terminal, ends it after its time, and counts what it reports. */
export async function runSuite(suite: Suite): Promise<Tally> {
  console.log(`\npodwire: ${suite.name}`);
  rmSync(suite.reportPath, { force: true });
  const { exitCode, timedOut } = await runCommand({ command: process.execPath, ...suite });
  if (timedOut)
    console.log(`podwire: ${suite.name} took longer than ${Math.round(suite.timeoutMs / MINUTE_MS)} minutes`);
  return tallySuite(readTally(suite), exitCode);
}
