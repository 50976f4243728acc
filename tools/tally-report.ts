export type Tally = { readonly passed: number; readonly failed: number; readonly skipped: number };

/** The counts of vitest's JSON reporter that we read. */
type VitestReport = {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[];
};

/** The counts of Playwright's JSON reporter that we read. */
type PlaywrightReport = {
  readonly stats: {
    readonly expected: number;
    readonly unexpected: number;
    readonly flaky: number;
    readonly skipped: number;
  };
  readonly errors: readonly unknown[];
};

/** A file that failed before its first test counts as one failure: its tests did not run. */
export function tallyVitestReport(report: VitestReport): Tally {
  const unread = report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0);
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + unread.length,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/** A test that passed on a retry counts as passed; the list reporter above names it. */
export function tallyPlaywrightReport({ stats, errors }: PlaywrightReport): Tally {
  return {
    passed: stats.expected + stats.flaky,
    failed: stats.unexpected + errors.length,
    skipped: stats.skipped,
  };
}

/**
 * What a suite adds to the total. A suite that broke, ran out of time or ran nothing can never add up to a pass: when its
 * report is missing, empty or disagrees with its exit code, it counts as one failure.
 */
export function tallySuite(counts: Tally | undefined, exitCode: number): Tally {
  if (counts === undefined) return { passed: 0, failed: 1, skipped: 0 };
  const ranNothing = counts.passed + counts.failed + counts.skipped === 0;
  const failedSilently = exitCode !== 0 && counts.failed === 0;
  return { ...counts, failed: counts.failed + (ranNothing || failedSilently ? 1 : 0) };
}

export const addTallies = (tallies: readonly Tally[]): Tally =>
  tallies.reduce(
    (sum, tally) => ({
      passed: sum.passed + tally.passed,
      failed: sum.failed + tally.failed,
      skipped: sum.skipped + tally.skipped,
    }),
    { passed: 0, failed: 0, skipped: 0 },
  );

/** `12 passed, 0 failed`, with `, 1 skipped` when any was. */
export const formatTally = ({ passed, failed, skipped }: Tally): string =>
  `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
