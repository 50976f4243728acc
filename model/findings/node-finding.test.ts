import { expect, test } from 'vitest';
import { compareFindings, countFindings, keyFindings, type NodeFinding } from './node-finding.ts';

const finding = (id: string, severity: NodeFinding['severity'], since: string): NodeFinding => ({
  id,
  rule: 'node-not-on-link',
  severity,
  title: `${id} is wrong`,
  evidence: [],
  since,
  node: 'n1',
});

test('an error stands before a warning, and of two errors the one that is wrong for longer', () => {
  const findings = [
    finding('a', 'notice', '2026-01-01T00:00:00Z'),
    finding('b', 'error', '2026-01-01T00:00:02Z'),
    finding('c', 'warning', '2026-01-01T00:00:00Z'),
    finding('d', 'error', '2026-01-01T00:00:01Z'),
  ];
  expect(findings.toSorted(compareFindings).map(({ id }) => id)).toEqual(['d', 'b', 'c', 'a']);
  expect(countFindings(findings)).toEqual({ error: 2, warning: 1, notice: 1 });
});

test('the same finding of two nodes is two', () => {
  const { node: _, ...bare } = finding('a', 'error', '2026-01-01T00:00:00Z');
  expect(Object.keys({ ...keyFindings('n1', [bare]), ...keyFindings('n2', [bare]) })).toEqual(['n1/a', 'n2/a']);
});
