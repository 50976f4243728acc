import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
const POINTS = 43;

/** Rows of docs/conformance.md: the point and the files that test it. */
const rows = readFileSync(join(ROOT, 'docs', 'conformance.md'), 'utf8')
  .split('\n')
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .filter(([, point = '']) => /^(\d+|matrix)$/.test(point))
  .map(([, point = '', , tests = '']) => ({
    point,
    paths: [...tests.matchAll(/\(\.\.\/([^)]+)\)/g)].map(([, path = '']) => path),
  }));

/** What tests and blocks are named after: `17: …`, `10, 11: …`, `matrix: …`. */
function listPoints(path: string): ReadonlySet<string> {
  const source = readFileSync(join(ROOT, path), 'utf8');
  const names = source.matchAll(/['"`]((?:\d+|matrix)(?:, \d+)*): /g);
  return new Set([...names].flatMap(([, points = '']) => points.split(', ')));
}

describe('docs/conformance.md', () => {
  it(`has every point from 1 to ${POINTS} once, in order, and the matrix`, () => {
    const numbers = Array.from({ length: POINTS }, (_, index) => String(index + 1));
    expect(rows.map(({ point }) => point)).toEqual([...numbers, 'matrix']);
  });

  it.each(rows)('names for point $point a file with a test of that name', ({ point, paths }) => {
    expect(paths.some((path) => listPoints(path).has(point))).toBe(true);
  });
});
