import { expect, test } from 'vitest';
import { describeScope } from './describe-scope.ts';
import { shortenUser } from './describe-user.ts';

test('what an account may see is said with what it may not', () => {
  expect(describeScope({ namespaces: 'all', seesNodes: true })).toBe('Sees everything.');
  expect(describeScope({ namespaces: 'all', seesNodes: false })).toMatch(/all namespaces, and no nodes/);
  expect(describeScope({ namespaces: ['a'], seesNodes: true })).toBe('Sees the pods of a, and nodes.');
  expect(describeScope({ namespaces: ['a', 'b', 'c', 'd', 'e'], seesNodes: false })).toBe(
    'Sees the pods of a, b, c and 2 more namespaces, and no nodes.',
  );
  expect(describeScope({ namespaces: [], seesNodes: false })).toMatch(/neither/);
});

test('a ServiceAccount goes by its own name where there is little room', () => {
  expect(shortenUser('system:serviceaccount:podwire:viewer')).toBe('viewer');
  expect(shortenUser('ada@example.org')).toBe('ada');
  expect(shortenUser('kubernetes-admin')).toBe('kubernetes-admin');
});
