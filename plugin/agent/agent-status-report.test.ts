import { expect, it } from 'vitest';
import type { AgentStatus } from '#model/agent/agent-status.ts';
import { AgentStatusReport } from './agent-status-report.ts';

const journal = { shippedLines: 0, unreadableLines: 0, refusedLines: 0, droppedLines: 0, waitingBytes: 0 };
const quiet: AgentStatus = {
  ...{ resyncs: 1, corrections: 0, notificationOverflows: 0, interruptedDumps: 0, foldedChanges: 0, droppedDrifts: 0 },
  journal,
  rssBytes: 80_000_000,
};

it('an agent speaks of itself at the start, then when something has changed, every 30 s at most often', () => {
  let status = quiet;
  let nowMs = 0;
  const report = new AgentStatusReport(
    () => status,
    () => nowMs,
  );
  expect(report.take()).toEqual([{ type: 'agent.status', status }]);
  // Not acknowledged: the collector may not have it.
  status = { ...quiet, resyncs: 2 };
  expect(report.take()).toEqual([{ type: 'agent.status', status }]);
  report.acknowledge();
  status = { ...status, journal: { ...journal, droppedLines: 7 } };
  expect(report.take()).toEqual([]);
  report.acknowledge();
  nowMs = 30_000;
  expect(report.take()).toEqual([{ type: 'agent.status', status }]);
  report.acknowledge();
  nowMs = 90_000;
  status = { ...status, rssBytes: status.rssBytes + 4_096 };
  expect(report.take()).toEqual([]);
  status = { ...status, rssBytes: status.rssBytes + 20_000_000 };
  expect(report.take()).toHaveLength(1);
});

it('a runtime that asks STATUS and gets the same answer again is no news; another answer is', () => {
  const since = '2026-11-25T12:03:09Z';
  let status: AgentStatus = { ...quiet, runtimeStatus: { lastAskedAt: since, since, isAsked: true } };
  let nowMs = 0;
  const report = new AgentStatusReport(
    () => status,
    () => nowMs,
  );
  expect(report.take()).toHaveLength(1);
  report.acknowledge();
  nowMs = 60_000;
  status = { ...quiet, runtimeStatus: { lastAskedAt: '2026-11-25T12:03:14Z', since, isAsked: true } };
  expect(report.take()).toEqual([]);
  const error = { code: 50, msg: 'no address is left' };
  status = { ...quiet, runtimeStatus: { lastAskedAt: '2026-11-25T12:03:19Z', since, isAsked: true, error } };
  expect(report.take()).toHaveLength(1);
});
