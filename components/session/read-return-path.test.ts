import { expect, test } from 'vitest';
import { readReturnPath } from './read-return-path.ts';

const ORIGIN = 'https://podwire.example.org';

test.each([
  ['/', '/'],
  ['/nodes/k8s-node01?select=agent', '/nodes/k8s-node01?select=agent'],
  ['/pods/default/nginx1#wire', '/pods/default/nginx1#wire'],
])('after the login one is back at %s', (from, path) => {
  expect(readReturnPath(from, ORIGIN)).toBe(path);
});

test.each([
  undefined,
  '',
  'nodes',
  'https://evil.example/',
  '//evil.example/',
  '/\\evil.example/',
  '/\t/evil.example/',
  '/x/..//evil.example/',
  'javascript:alert(1)',
  '/login?from=/login',
])('a login never leads to %s', (from) => {
  expect(readReturnPath(from, ORIGIN)).toBe('/');
});
