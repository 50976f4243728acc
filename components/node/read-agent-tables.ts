import type { NodeTopology } from '#model/topology/topology.ts';
import { formatClock } from '../timeline/format-clock.ts';
import type { NodeTable } from './node-table.ts';

/** What the agent finds wrong and what it has put right, as tables beside those of the kernel. */
export function readAgentTables(topology: NodeTopology): readonly NodeTable[] {
  return [readFindingTable(topology), readDriftTable(topology)];
}

function readFindingTable(topology: NodeTopology): NodeTable {
  const findings = topology.node.node?.findings ?? [];
  return {
    id: 'findings',
    label: 'Findings',
    columns: ['finding', 'severity', 'object', 'evidence', 'remedy', 'since'],
    rows: findings.map((finding) => ({
      id: `finding:${finding.id}`,
      selection: 'agent',
      cells: [
        finding.title,
        finding.severity,
        finding.object ?? '–',
        finding.evidence.join(' · ') || '–',
        finding.remedy ?? '–',
        formatClock(finding.since).slice(0, 8),
      ],
    })),
    empty: 'The agent finds nothing wrong.',
    problems: [],
  };
}

function readDriftTable(topology: NodeTopology): NodeTable {
  const drifts = topology.node.node?.drifts ?? [];
  return {
    id: 'drift',
    label: 'Drift',
    columns: ['object', 'kind', 'found', 'outcome', 'command', 'error', 'time'],
    rows: drifts.map((drift) => ({
      id: `drift:${drift.id}`,
      selection: 'agent',
      cells: [
        drift.object,
        drift.kind,
        drift.found,
        drift.outcome,
        drift.command ?? '–',
        drift.error ?? '–',
        formatClock(drift.time).slice(0, 8),
      ],
    })),
    empty: 'Nothing of the pod network was found out of place.',
    problems: [],
  };
}
