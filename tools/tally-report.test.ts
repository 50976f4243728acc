import { describe, expect, it } from 'vitest';
import { addTallies, formatTally, tallyPlaywrightReport, tallySuite, tallyVitestReport } from './tally-report.ts';

describe('the closing line of npm test', () => {
  it('sums the suites and mentions skips only when there are some', () => {
    const suites = [
      { passed: 3, failed: 0, skipped: 0 },
      { passed: 4, failed: 1, skipped: 0 },
    ];
    expect(formatTally(addTallies(suites))).toBe('7 passed, 1 failed');
    expect(formatTally({ passed: 1, failed: 0, skipped: 2 })).toBe('1 passed, 0 failed, 2 skipped');
  });

  it('counts a test file that could not be imported as a failure', () => {
    const report = {
      numPassedTests: 5,
      numFailedTests: 0,
      numPendingTests: 1,
      numTodoTests: 1,
      testResults: [
        { status: 'passed', assertionResults: [{}] },
        { status: 'failed', assertionResults: [] },
      ],
    };
    expect(tallyVitestReport(report)).toEqual({ passed: 5, failed: 1, skipped: 2 });
  });

  it('counts an error outside the tests of a browser run as a failure', () => {
    const stats = { expected: 4, unexpected: 1, flaky: 1, skipped: 0 };
    expect(tallyPlaywrightReport({ stats, errors: [{}] })).toEqual({ passed: 5, failed: 2, skipped: 0 });
  });

  it.each([
    ['left no report', undefined, 0],
    ['ran no test', { passed: 0, failed: 0, skipped: 0 }, 0],
    ['exited with an error after its tests passed', { passed: 0, failed: 0, skipped: 3 }, 1],
  ])('never passes a suite that %s', (_, counts, exitCode) => {
    expect(tallySuite(counts, exitCode).failed).toBe(1);
  });

  it('leaves the counts of a suite that ran alone', () => {
    expect(tallySuite({ passed: 2, failed: 1, skipped: 0 }, 1)).toEqual({ passed: 2, failed: 1, skipped: 0 });
    expect(tallySuite({ passed: 2, failed: 0, skipped: 1 }, 0)).toEqual({ passed: 2, failed: 0, skipped: 1 });
  });
});
