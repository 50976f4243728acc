import type { Finding } from '#model/findings/finding.ts';
import type { FoundProblem } from './node-network-plan.ts';

/** Knows since when each problem stands. */
export class FindingBook {
  #since = new Map<string, string>();

  /** @param now RFC 3339 @returns the findings in the order of their ids, one of each id */
  date(problems: readonly FoundProblem[], now: string): readonly Finding[] {
    const byId = new Map(problems.map((problem) => [problem.id, problem]));
    const findings = [...byId.values()].map((problem) => ({ ...problem, since: this.#since.get(problem.id) ?? now }));
    this.#since = new Map(findings.map(({ id, since }) => [id, since]));
    return findings.sort((one, other) => (one.id < other.id ? -1 : 1));
  }
}
