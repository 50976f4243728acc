import type { AgentMeasurement } from './agent-measurement.ts';
import { summarizeDurations } from './summarize-durations.ts';

/** Goals of issue 4, for 250 pods. */
const goals = { rssMb: 120, idlePercent: 0.5, readingMs: 150, changeCpuMs: 5 } as const;

/** The report as Markdown: each number beside its goal, and what iproute2 costs beside it. */
export function formatAgentReport(measured: AgentMeasurement): string {
  const { pods, idleSeconds, changes } = measured;
  const readings = summarizeDurations(measured.readingsMs);
  const idlePercent = (measured.idleCpuMs / (idleSeconds * 1000)) * 100;
  const changeCpuMs = (measured.changesCpuMs - measured.changesIdleCpuMs) / changes;
  const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0);
  const lines = [
    `| ${pods} pods | measured | goal | \`ip -j\`, \`bridge -j\` |`,
    '| --- | ---: | ---: | ---: |',
    `| memory (RSS), peak | ${megabytes(measured.rssBytes)} MB, ${megabytes(measured.peakRssBytes)} MB | ${goals.rssMb} MB | |`,
    `| CPU when nothing happens, over ${idleSeconds} s | ${idlePercent.toFixed(2)} % of a core | ${goals.idlePercent} % | |`,
    `| full reading, p50 of ${readings.count} | ${readings.p50Ms.toFixed(0)} ms | ${goals.readingMs} ms | ${measured.toolsMs.toFixed(0)} ms |`,
    `| its CPU, p50 | ${summarizeDurations(measured.readingsCpuMs).p50Ms.toFixed(0)} ms | | ${measured.toolsCpuMs.toFixed(0)} ms |`,
    `| the first one of a process | ${measured.firstReadingMs.toFixed(0)} ms | | |`,
    `| CPU for a changed link, mean of ${changes} | ${changeCpuMs.toFixed(2)} ms | ${goals.changeCpuMs} ms | ${measured.toolPerChangeCpuMs.toFixed(2)} ms |`,
  ];
  return [
    ...lines,
    '',
    'The idle time has two full readings in it (one every 30 s) and a heartbeat to the collector every 3 s. CPU is user and system time with that of child',
    "processes. A change is `ip link set … mtu`, one at a time, each waited for at the collector; the agent's idle CPU over the same time is taken off. The tools read",
    'links, addresses, routes, rules, neighbours and fdb of every namespace, one process for each; for a change, `ip -j -d link` of that link alone.',
  ].join('\n');
}
