import { expect, test } from 'vitest';
import { describeOmission, nameUnknown } from './describe-omission.ts';

test('who sees nodes and some namespaces is told how many pods are left out, and why', () => {
  expect(describeOmission({ pods: 12, seesNodes: true, podNamespaces: 2 }, 'cluster')).toEqual([
    '12 pods of other namespaces are not shown: no permission to list pods there.',
  ]);
  expect(describeOmission({ pods: 1, seesNodes: true, podNamespaces: 2 }, 'node')).toEqual([
    '1 pod of other namespaces is not shown: no permission to list pods there.',
  ]);
  expect(describeOmission({ pods: 0, seesNodes: true, podNamespaces: 2 }, 'cluster')).toEqual([]);
});

test('who may list pods nowhere is told so, also where there are none', () => {
  const [withPods] = describeOmission({ pods: 3, seesNodes: true, podNamespaces: 0 }, 'cluster');
  expect(withPods).toBe('You may not list pods in any namespace: 3 pods are not shown.');
  const [without] = describeOmission({ pods: 0, seesNodes: true, podNamespaces: 0 }, 'cluster');
  expect(without).toBe('You may not list pods in any namespace.');
});

test('without nodes the cluster view counts those that are not shown, and a node says what is left of it', () => {
  expect(describeOmission({ pods: 0, nodes: 2, seesNodes: false }, 'cluster')).toEqual([
    'Not shown: 2 nodes without a pod of yours, and what nodes say of themselves. No permission to list nodes.',
  ]);
  expect(describeOmission({ pods: 0, seesNodes: false }, 'node')[0]).toMatch(/only its name/);
});

test('a place that is empty for want of a right is not said to be unread', () => {
  expect(nameUnknown({ pods: 0, seesNodes: false })).toBe('not shown');
  expect(nameUnknown({ pods: 4, seesNodes: true, podNamespaces: 1 })).toBe('not read');
  expect(nameUnknown(undefined)).toBe('not read');
});
