/** Milliseconds, as read from a monotonic clock. */
export type DurationSummary = { readonly count: number; readonly p50Ms: number; readonly p99Ms: number };

/** Nearest-rank percentiles: every number it gives was measured. Throws on an empty list. */
export function summarizeDurations(durationsMs: readonly number[]): DurationSummary {
  const sorted = durationsMs.toSorted((a, b) => a - b);
  return { count: sorted.length, p50Ms: pickRank(sorted, 0.5), p99Ms: pickRank(sorted, 0.99) };
}

function pickRank(sorted: readonly number[], share: number): number {
  const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  if (value === undefined) throw new Error('no durations to summarize');
  return value;
}
