import { expect, test } from 'vitest';
import { seedRandom } from '../testing/build-node.ts';
import { applyTopologyDelta } from './apply-topology-delta.ts';
import { diffTopology, isEmptyDelta } from './diff-topology.ts';

type Random = () => number;
const randomTopology = (random: Random) => {
  const records = () =>
    Object.fromEntries(
      Array.from({ length: Math.floor(random() * 8) }, () => [
        `key${Math.floor(random() * 8)}`,
        { n: Math.floor(random() * 3), list: [Math.floor(random() * 2)], ...(random() < 0.5 && { extra: true }) },
      ]),
    );
  return { links: records(), routes: records() };
};

test('before and delta give after, for a thousand random pairs, over JSON', () => {
  const random = seedRandom(7);
  for (let round = 0; round < 1_000; round += 1) {
    const before = randomTopology(random);
    const after = randomTopology(random);
    const delta = JSON.parse(JSON.stringify(diffTopology(before, after)));
    expect(applyTopologyDelta(before, delta)).toEqual(after);
  }
});

test('an equal topology computed anew needs no delta', () => {
  const before = randomTopology(seedRandom(3));
  expect(isEmptyDelta(diffTopology(before, structuredClone(before)))).toBe(true);
});

test('a collection that the delta does not name keeps its identity', () => {
  const before = { links: { a: 1 }, routes: { b: 2 } };
  const after = applyTopologyDelta(before, { put: { links: { a: 3 } }, remove: {} });
  expect(after.routes).toBe(before.routes);
  expect(before.links).toEqual({ a: 1 });
});
