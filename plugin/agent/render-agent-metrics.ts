import type { AgentStatus } from '#model/agent/agent-status.ts';

/** What one scrape of an agent tells. */
export interface AgentMetrics {
  readonly version: string;
  readonly isKernelRead: boolean;
  readonly startedAtSeconds: number;
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  /** What the agent also tells the collector; absent until there is something to tell. */
  readonly status: AgentStatus | undefined;
}

type Kind = 'counter' | 'gauge';
type Row = readonly [name: string, kind: Kind, help: string, value: number];

/**
 * Prometheus' text format, version 0.0.4. No label but the version: one agent is one target, whatever happens on its node.
 * docs/agent.md names them all.
 */
export function renderAgentMetrics(metrics: AgentMetrics): string {
  const { version, status, isKernelRead } = metrics;
  const rows: readonly Row[] = [
    ['podwire_agent_kernel_read', 'gauge', 'Whether the kernel has been read once', isKernelRead ? 1 : 0],
    ['process_start_time_seconds', 'gauge', 'Start of the process since 1970', metrics.startedAtSeconds],
    ['process_cpu_seconds_total', 'counter', 'User and system time', metrics.cpuSeconds],
    ['process_resident_memory_bytes', 'gauge', 'Memory of the agent', metrics.residentBytes],
    ...(status === undefined ? [] : listStatusRows(status)),
  ];
  const info = `# HELP podwire_agent_info The agent\n# TYPE podwire_agent_info gauge\npodwire_agent_info{version="${escapeLabel(version)}"} 1\n`;
  return info + rows.map(renderRow).join('');
}

function listStatusRows(status: AgentStatus): readonly Row[] {
  const { journal } = status;
  const count = (name: string, help: string, value: number): Row => [
    `podwire_agent_${name}_total`,
    'counter',
    help,
    value,
  ];
  return [
    count('resyncs', 'Full readings of the kernel', status.resyncs),
    count(
      'corrections',
      'Records that a full reading found different from what notifications told',
      status.corrections,
    ),
    count('notification_overflows', 'Times that the notification buffer ran over', status.notificationOverflows),
    count('interrupted_dumps', 'Dumps that the kernel interrupted', status.interruptedDumps),
    count('folded_changes', 'Kernel changes folded because the collector did not listen', status.foldedChanges),
    count('dropped_drifts', 'Drifts that went because too many waited for the collector', status.droppedDrifts),
    count('refused_reports', 'Records beside journal and kernel refused for good', status.refusedReports ?? 0),
    count('journal_shipped_lines', 'Journal lines that the collector has', journal.shippedLines),
    count('journal_unreadable_lines', 'Journal lines that were torn or foreign', journal.unreadableLines),
    count('journal_refused_lines', 'Journal lines that the collector refused for good', journal.refusedLines),
    count('journal_dropped_lines', 'Journal lines that went unshipped, for want of space', journal.droppedLines),
    ['podwire_agent_journal_waiting_bytes', 'gauge', 'Journal bytes not acknowledged yet', journal.waitingBytes],
  ];
}

const renderRow = ([name, kind, help, value]: Row): string =>
  `# HELP ${name} ${help}\n# TYPE ${name} ${kind}\n${name} ${value}\n`;

const escapeLabel = (text: string): string => text.replace(/[\\"\n]/g, (sign) => (sign === '\n' ? '\\n' : `\\${sign}`));
