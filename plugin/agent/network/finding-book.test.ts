import { expect, it } from 'vitest';
import { FindingBook } from './finding-book.ts';
import type { FoundProblem } from './node-network-plan.ts';

const problem = (id: string): FoundProblem => ({ id, rule: 'x', severity: 'error', title: id, evidence: [] });
const describe = (findings: readonly { readonly id: string; readonly since: string }[]): readonly string[] =>
  findings.map(({ id, since }) => `${id} since ${since}`);

it('a problem stands since it was found first, and anew after it was gone', () => {
  const book = new FindingBook();
  expect(describe(book.date([problem('b'), problem('a'), problem('a')], '1'))).toEqual(['a since 1', 'b since 1']);
  expect(describe(book.date([problem('a')], '2'))).toEqual(['a since 1']);
  expect(describe(book.date([problem('b'), problem('a')], '3'))).toEqual(['a since 1', 'b since 3']);
});
