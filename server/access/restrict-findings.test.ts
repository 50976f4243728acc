import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { buildFinding } from '../testing/two-tenants.ts';
import { isFreeOf, NODE_RULES, restrictFindings } from './restrict-findings.ts';

const partial = { key: 'x', namespaces: new Set(['a']), seesNodes: true };

test('every rule of the agent has been looked at: whether what it says is about the node alone', () => {
  const folder = fileURLToPath(new URL('../../plugin/agent/', import.meta.url));
  const sources = globSync('**/*.ts', { cwd: folder }).filter((path) => !path.endsWith('.test.ts'));
  const rules = sources.flatMap((path) =>
    [...readFileSync(`${folder}${path}`, 'utf8').matchAll(/\brule: '([a-z-]+)'/g)].map((match) => match[1]),
  );
  expect(new Set(rules)).toEqual(NODE_RULES);
});

test('a finding of a rule that is not known is shown to who may see everything only', () => {
  const findings = [buildFinding('node-not-on-link', 'x'), buildFinding('pod-unwired', 'y')];
  expect(restrictFindings(findings, partial)).toEqual([findings[0]]);
  expect(restrictFindings(findings, { ...partial, seesNodes: false })).toEqual([]);
  expect(restrictFindings(findings, { key: 'all', namespaces: 'all', seesNodes: true })).toBe(findings);
});

test.each([
  ['10.240.2.7', 'ip route del 10.240.2.7/32 dev cni0'],
  ['10.240.2.7', 'the address is 10.240.2.7.'],
  ['web-1', 'joined to neither shop/web-1 and till/web-2'],
  ['0a:58:0a:f0:02:07', 'fdb 0a:58:0a:f0:02:07, static'],
])('%s is found in "%s"', (word, text) => {
  expect(isFreeOf(new Set([word]), text)).toBe(false);
  expect(isFreeOf(new Set([`${word}7`]), text)).toBe(true);
});
