import { formatTable } from './format-table.ts';
import type { PodMeasurement, PodTimes } from './pod-measurement.ts';
import { summarizeDurations } from './summarize-durations.ts';

/** The lines of the table: what was measured, and in how many digits it is worth telling. */
const LINES: readonly (readonly [keyof PodTimes, string])[] = [
  ['runningMs', 'one pod: created to Running'],
  ['sandboxMs', 'of that the kubelet’s RunPodSandbox'],
  ['crowdUpMs', 'a crowd: created to all Running'],
  ['crowdDownMs', 'a crowd: deleted to all gone'],
];

/** A Markdown table of medians, and what they are of. A ratio below 1 says that Podwire is faster. */
export function formatPodReport({ rounds, podsPerRound, crowd, times }: PodMeasurement): string {
  const rows = LINES.filter(([key]) => times.podwire[key].length > 0).map(([key, title]) => {
    const [podwire, reference] = [summarizeDurations(times.podwire[key]), summarizeDurations(times.reference[key])];
    return [
      title,
      podwire.p50Ms.toFixed(0),
      reference.p50Ms.toFixed(0),
      `${(podwire.p50Ms / reference.p50Ms).toFixed(2)}×`,
      `${podwire.count} and ${reference.count}`,
    ];
  });
  return [
    ...formatTable([['real cluster, medians', 'podwire ms', 'bridge + host-local ms', 'ratio', 'measured'], ...rows]),
    '',
    `${rounds} rounds that take turns on one cluster of two nodes; ${podsPerRound} single pods in each, then a crowd of ${crowd}. ` +
      'Both networks masquerade. Agents and collector run all the time, with either.',
  ].join('\n');
}
