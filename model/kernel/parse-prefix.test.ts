import { expect, test } from 'vitest';
import { containsPrefix, parsePrefix } from './parse-prefix.ts';

const contains = (outer: string, inner: string) => {
  const [a, b] = [parsePrefix(outer), parsePrefix(inner)];
  if (a === undefined || b === undefined) throw new Error('not a prefix');
  return containsPrefix(a, b);
};

test('a pod address lies in its podCIDR and in no other', () => {
  expect(contains('10.240.2.0/24', '10.240.2.77')).toBe(true);
  expect(contains('10.240.2.0/24', '10.240.3.1')).toBe(false);
  expect(contains('10.240.2.0/24', '10.240.0.0/16')).toBe(false);
  expect(contains('0.0.0.0/0', '8.8.8.8')).toBe(true);
});

test('an IPv6 address lies in its prefix, shortened or not', () => {
  expect(contains('fd00:1::/64', 'fd00:1:0:0:0:0:0:9')).toBe(true);
  expect(contains('::ffff:0:0/96', '::ffff:10.240.2.2')).toBe(true);
  expect(contains('0.0.0.0/0', '::1')).toBe(false);
});

test.each(['', '10.240.2', '10.240.2.256', '10.240.2.0/33', '1::2::3', 'fd00::/129', 'a/b/c', '1:2:3:4:5:6:7:8:9'])(
  '%j is no prefix',
  (text) => {
    expect(parsePrefix(text)).toBeUndefined();
  },
);
