import { expect, test } from 'vitest';
import type { AgentStatus } from '#model/agent/agent-status.ts';
import { listLosses } from './list-losses.ts';

const status: AgentStatus = {
  resyncs: 4,
  corrections: 2,
  notificationOverflows: 0,
  interruptedDumps: 0,
  foldedChanges: 0,
  droppedDrifts: 0,
  journal: { shippedLines: 10, unreadableLines: 0, refusedLines: 0, droppedLines: 0, waitingBytes: 0 },
  rssBytes: 1,
};

test('an agent that kept everything has nothing to confess', () => {
  expect(listLosses(status)).toEqual([]);
});

test('every line and every change that was lost is told, one of each in the singular', () => {
  const lossy = {
    ...status,
    foldedChanges: 1_234,
    refusedReports: 1,
    journal: { ...status.journal, droppedLines: 1, refusedLines: 2, unreadableLines: 3 },
  };
  const texts = listLosses(lossy).map(({ text }) => text);
  expect(texts).toHaveLength(5);
  expect(texts[0]).toContain('1 journal line dropped');
  expect(texts[3]).toContain('1,234 kernel changes folded');
  expect(texts[4]).toContain('1 report refused');
});
