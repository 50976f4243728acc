import { constants } from 'node:os';
import { expect, it } from 'vitest';
import { errnoName } from './errno-names.ts';

it('names every error number as libc does', () => {
  const synonyms = new Set(['EWOULDBLOCK', 'ENOTSUP']);
  const expected = Object.entries(constants.errno).filter(([name]) => !synonyms.has(name));
  expect(expected.length).toBeGreaterThan(70);
  expect(expected.map(([, number]) => errnoName(number))).toEqual(expected.map(([name]) => name));
});

it.each([0, 41, 58, 134, 512])('%i has no name and is told as a number', (errno) => {
  expect(errnoName(errno)).toBe(`errno ${errno}`);
});
