import { expect, it } from 'vitest';
import { isLinkName } from './is-link-name.ts';

it.each(['eth0', 'cni0', 'a', 'a'.repeat(15), 'eth0.7', '-x', 'é'.repeat(7)])('a link can be called %j', (name) => {
  expect(isLinkName(name)).toBe(true);
});

it.each(['', '.', '..', 'a'.repeat(16), 'é'.repeat(8), 'a/b', 'a:b', 'a b', 'a\n', 'br%d', 'cni0\u0000x', '\ud800'])(
  'no link can be called %j',
  (name) => {
    expect(isLinkName(name)).toBe(false);
  },
);
