import { expect, test } from 'vitest';
import type { NodeObject } from './kubernetes-objects.ts';
import { ObjectStore, type StoreEvent } from './object-store.ts';

const describeNode = (name: string): NodeObject => ({
  kind: 'Node',
  apiVersion: 'v1',
  metadata: { name, uid: name, resourceVersion: '0', creationTimestamp: '2026-01-01T00:00:00Z' },
  spec: { podCIDR: '10.240.1.0/24', podCIDRs: ['10.240.1.0/24'] },
  status: { conditions: [], addresses: [], nodeInfo: {} },
});

test('a watch begins with everything after its resourceVersion', () => {
  const store = new ObjectStore();
  const first = store.put(describeNode('a'));
  store.put(describeNode('b'));
  const seen: StoreEvent[] = [];
  expect(store.watch(Number(first.metadata.resourceVersion), (event) => seen.push(event)).ok).toBe(true);
  store.remove(first);
  expect(seen.map(({ type, object }) => `${type} ${object.metadata.name}`)).toEqual(['ADDED b', 'DELETED a']);
});

test('a resourceVersion that the history no longer holds is expired', () => {
  const store = new ObjectStore(3);
  for (const name of ['a', 'b', 'c', 'd']) store.put(describeNode(name));
  expect(store.watch(1, () => undefined)).toMatchObject({ ok: false });
  expect(store.watch(2, () => undefined)).toMatchObject({ ok: true });
});

test('a resourceVersion of the future, from before a restart of the lab, is expired', () => {
  expect(new ObjectStore().watch(99, () => undefined)).toMatchObject({ ok: false });
});

test('a change made while another is told comes after it for every listener', () => {
  const store = new ObjectStore();
  const seen: string[] = [];
  store.subscribe(({ type, object }) => {
    if (type === 'ADDED') store.put(object);
  });
  store.subscribe(({ type }) => seen.push(type));
  store.put(describeNode('a'));
  expect(seen).toEqual(['ADDED', 'MODIFIED']);
});
