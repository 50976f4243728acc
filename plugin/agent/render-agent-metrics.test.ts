import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { renderAgentMetrics } from './render-agent-metrics.ts';

const journal = { shippedLines: 7, unreadableLines: 8, refusedLines: 9, droppedLines: 10, waitingBytes: 11 };
const counts = {
  resyncs: 1,
  corrections: 2,
  notificationOverflows: 3,
  interruptedDumps: 4,
  foldedChanges: 5,
  droppedDrifts: 6,
  refusedReports: 12,
};
const text = renderAgentMetrics({
  version: '1.0"\n',
  isKernelRead: true,
  startedAtSeconds: 1_700_000_000.5,
  cpuSeconds: 1.25,
  residentBytes: 64,
  status: { ...counts, journal, rssBytes: 64 },
});

it('an agent tells every count of its status, each once and with its kind', () => {
  const values = [...text.matchAll(/^(podwire_\S+(?:_total|_bytes)) (\d+)$/gm)].map(([, , value]) => Number(value));
  expect(values).toEqual([1, 2, 3, 4, 5, 6, 12, 7, 8, 9, 10, 11]);
  const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  for (const sample of samples) {
    const [, name = ''] = /^([a-z_]+)(?:\{[^}]*\})? [\d.]+$/.exec(sample) ?? [];
    expect(text.split('\n').filter((line) => line.startsWith(`# TYPE ${name} `))).toEqual([
      `# TYPE ${name} ${name.endsWith('_total') ? 'counter' : 'gauge'}`,
    ]);
  }
  expect(text).toContain('podwire_agent_info{version="1.0\\"\\n"} 1\n');
});

it('every metric of an agent is in the documentation', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/deployment.md'), 'utf8');
  const names = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
  expect(names.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});
