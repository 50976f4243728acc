import type { FindingCounts } from '#model/findings/node-finding.ts';

export const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;

/** `2 errors, 1 notice`; empty where nothing is wrong. */
export function describeCounts(counts: FindingCounts): string {
  return (['error', 'warning', 'notice'] as const)
    .filter((severity) => counts[severity] > 0)
    .map((severity) => plural(counts[severity], severity))
    .join(', ');
}

/** The badge that stands for them all: of the worst. `undefined` where nothing is wrong. */
export function worstOf({ error, warning, notice }: FindingCounts): 'error' | 'warning' | 'notice' | undefined {
  return error > 0 ? 'error' : warning > 0 ? 'warning' : notice > 0 ? 'notice' : undefined;
}

/** Of all nodes together. */
export function sumCounts(all: readonly FindingCounts[]): FindingCounts {
  const sum = { error: 0, warning: 0, notice: 0 };
  for (const counts of all) {
    sum.error += counts.error;
    sum.warning += counts.warning;
    sum.notice += counts.notice;
  }
  return sum;
}
