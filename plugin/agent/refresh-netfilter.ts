import type { IpSet, Netfilter } from '#model/kernel/kernel-snapshot.ts';
import { keepSame } from './keep-known.ts';
import type { KnownNamespace } from './known-namespace.ts';
import { emptyNetfilter, readNetfilter } from './read-netfilter.ts';
import { isSameMark, isUntouched, type RulesMark } from './read-rules-mark.ts';

/** What a visit of a namespace tells of its rules, without printing them. */
export interface RulesGlance {
  readonly mark: RulesMark;
  readonly ipsets: readonly IpSet[];
  /** Why sets could not be read. */
  readonly problems: readonly string[];
}

/** How the reading of sets names itself in its errors. */
const ipsetProblem = 'ipsets: ';

/**
 * Brings the namespace's netfilter up to what was glanced at. The tools are started only where the rulesets are others than
 * those that were read.
 * @param isCounting starts them where there are rules at all, for their counters
 */
export async function refreshNetfilter(
  known: KnownNamespace,
  { mark, ipsets, problems }: RulesGlance,
  isCounting: boolean,
): Promise<KnownNamespace> {
  const before = known.namespace.netfilter;
  const isFresh = before !== undefined && isSameMark(known.rulesMark, mark);
  const isRead = isFresh && !(isCounting && !isUntouched(mark));
  const rules: Netfilter = isRead ? before : await readRules(known, mark);
  const toolProblems = rules.problems.filter((problem) => !problem.startsWith(ipsetProblem));
  const netfilter = keepSame(before, { ...rules, ipsets: [...ipsets], problems: [...toolProblems, ...problems] });
  if (netfilter === before && isFresh) return known;
  return { ...known, rulesMark: mark, namespace: { ...known.namespace, netfilter } };
}

/** Rules that nobody ever made are known without starting a tool; in the root a missing tool is told all the same. */
async function readRules({ found }: KnownNamespace, mark: RulesMark): Promise<Netfilter> {
  const isRoot = found.kind === 'root';
  if (!isRoot && isUntouched(mark)) return emptyNetfilter;
  const hasLegacyTables = mark.legacy !== '';
  return readNetfilter(isRoot ? { hasLegacyTables } : { hasLegacyTables, namespacePath: found.openPath });
}
