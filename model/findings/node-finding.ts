import { z } from 'zod';
import { Finding } from './finding.ts';

/** A finding and the node it is of. */
export const NodeFinding = Finding.extend({ node: z.string() });
export type NodeFinding = z.infer<typeof NodeFinding>;

/** What the view of findings draws: one collection, so that one kind of delta serves all. Keys are `<node>/<finding id>`. */
export const FindingsTopology = z.object({ findings: z.record(z.string(), NodeFinding) });
export type FindingsTopology = z.infer<typeof FindingsTopology>;

/** How many are wrong, by severity. */
export const FindingCounts = z.object({ error: z.int(), warning: z.int(), notice: z.int() });
export type FindingCounts = z.infer<typeof FindingCounts>;

const SEVERITIES: readonly Finding['severity'][] = ['error', 'warning', 'notice'];

export function countFindings(findings: readonly Pick<Finding, 'severity'>[]): FindingCounts {
  const counts = { error: 0, warning: 0, notice: 0 };
  for (const { severity } of findings) counts[severity] += 1;
  return counts;
}

/** Worst first, then the oldest, then by node and id: the same data, the same order. */
export function compareFindings(a: NodeFinding, b: NodeFinding): number {
  return (
    SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
    compareText(a.since, b.since) ||
    compareText(a.node, b.node) ||
    compareText(a.id, b.id)
  );
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The findings of one node under their keys. Two of one id stay one: the id says that it is the same thing. */
export function keyFindings(node: string, findings: readonly Finding[]): Readonly<Record<string, NodeFinding>> {
  return Object.fromEntries(findings.map((each) => [`${node}/${each.id}`, { ...each, node }]));
}
