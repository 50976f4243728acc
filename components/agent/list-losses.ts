import type { AgentStatus } from '#model/agent/agent-status.ts';

export type Loss = {
  readonly id: string;
  readonly count: number;
  /** `12 lines dropped` */
  readonly brief: string;
  readonly text: string;
};

const count = (number: number, one: string, many: string): string =>
  `${number.toLocaleString('en')} ${number === 1 ? one : many}`;

/** What an agent could not keep since it started, each in words; empty where nothing was lost. */
export function listLosses(status: AgentStatus): readonly Loss[] {
  const { droppedLines, refusedLines, unreadableLines } = status.journal;
  const refusedReports = status.refusedReports ?? 0;
  const losses: readonly Loss[] = [
    {
      id: 'dropped',
      count: droppedLines,
      brief: `${count(droppedLines, 'line', 'lines')} dropped`,
      text: `${count(droppedLines, 'journal line', 'journal lines')} dropped: the journal reached its greatest size unshipped`,
    },
    {
      id: 'refused',
      count: refusedLines,
      brief: `${count(refusedLines, 'line', 'lines')} refused`,
      text: `${count(refusedLines, 'journal line', 'journal lines')} refused by the collector for good`,
    },
    {
      id: 'unreadable',
      count: unreadableLines,
      brief: `${count(unreadableLines, 'line', 'lines')} unreadable`,
      text: `${count(unreadableLines, 'journal line', 'journal lines')} torn, or not written by the plugin`,
    },
    {
      id: 'folded',
      count: status.foldedChanges,
      brief: `${count(status.foldedChanges, 'kernel change', 'kernel changes')} folded`,
      text: `${count(status.foldedChanges, 'kernel change', 'kernel changes')} folded into later ones: the states in between are not known`,
    },
    {
      id: 'drifts',
      count: status.droppedDrifts,
      brief: `${count(status.droppedDrifts, 'drift', 'drifts')} dropped`,
      text: `${count(status.droppedDrifts, 'drift', 'drifts')} dropped: too many waited for the collector`,
    },
    {
      id: 'reports',
      count: refusedReports,
      brief: `${count(refusedReports, 'report', 'reports')} refused`,
      text: `${count(refusedReports, 'report', 'reports')} refused by the collector for good: drifts, findings, answers or statuses`,
    },
  ];
  return losses.filter((loss) => loss.count > 0);
}
