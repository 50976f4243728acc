import { expect, test } from 'vitest';
import { buildPodNamespace, buildSnapshot } from '../testing/build-node.ts';
import { applyKernelDelta } from './apply-kernel-delta.ts';
import { NetnsId } from './kernel-snapshot.ts';
import { LinkIndex } from './link-index.ts';
import { linkId } from './record-id.ts';

const delta = (sequence: number, bootId = 'boot-1') => ({
  node: 'k8s-node01',
  bootId,
  time: '2026-01-01T00:00:01.000Z',
  sequence,
  changes: [
    { type: 'namespace.put', namespace: buildPodNamespace(2) } as const,
    { type: 'namespace.remove', namespaceId: buildPodNamespace(1).id } as const,
  ],
});

test('a delta adds and removes namespaces and leaves the others as they are', () => {
  const snapshot = buildSnapshot([1]);
  const applied = applyKernelDelta(snapshot, delta(2));
  if (!applied.ok) throw new Error(applied.error.detail);
  expect(applied.value.namespaces.map((each) => each.id)).toEqual(['900', '1002']);
  expect(applied.value.namespaces[0]).toBe(snapshot.namespaces[0]);
  expect(applied.value.sequence).toBe(2);
});

test('a delta after a lost one is refused', () => {
  expect(applyKernelDelta(buildSnapshot([1]), delta(3))).toMatchObject({ ok: false, error: { kind: 'gap' } });
});

test('a delta of another boot is refused', () => {
  const applied = applyKernelDelta(buildSnapshot([1]), delta(2, 'boot-2'));
  expect(applied).toMatchObject({ ok: false, error: { kind: 'other-boot' } });
});

test('a changed record keeps its place, a new one comes last, a removed one is gone', () => {
  const snapshot = buildSnapshot([1]);
  const [root] = snapshot.namespaces;
  const [first, second, ...rest] = root?.links ?? [];
  if (root === undefined || first === undefined || second === undefined) throw new Error('the root has two links');
  const changed = { ...first, mtuBytes: 1400 };
  const added = { ...first, index: LinkIndex.parse(99), name: 'veth99' };
  const changes = [
    {
      type: 'namespace.change' as const,
      namespaceId: root.id,
      put: { links: [changed, added] },
      remove: { links: [linkId(second)] },
    },
  ];
  const applied = applyKernelDelta(snapshot, { ...delta(2), changes });
  if (!applied.ok) throw new Error(applied.error.detail);
  expect(applied.value.namespaces[0]?.links).toEqual([changed, ...rest, added]);
  expect(applied.value.namespaces[0]?.routes).toBe(root.routes);
});

test('a change of a namespace that is not known is refused', () => {
  const changes = [{ type: 'namespace.change' as const, namespaceId: NetnsId.parse('7'), put: {}, remove: {} }];
  const applied = applyKernelDelta(buildSnapshot([1]), { ...delta(2), changes });
  expect(applied).toMatchObject({ ok: false, error: { kind: 'unknown-namespace' } });
});
