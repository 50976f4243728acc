import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { BatchRoom } from './batch-room.ts';

/** Works that begin when the room lets them, and end when the test does. */
function fill(room: BatchRoom, sizes: readonly number[]) {
  const begun: number[] = [];
  const works = sizes.map((bytes, place) => {
    const end = Promise.withResolvers<void>();
    const done = room.hold(bytes, () => {
      begun.push(place);
      return end.promise;
    });
    return { end, done };
  });
  return { begun, works };
}

test('no more bytes of batches are under way than there is room for, and the others follow in their order', async () => {
  const { begun, works } = fill(new BatchRoom(10), [4, 4, 4, 1]);
  await turn();
  // The small one would fit: it does not overtake.
  expect(begun).toEqual([0, 1]);
  works[1]?.end.resolve();
  await works[1]?.done;
  await turn();
  expect(begun).toEqual([0, 1, 2, 3]);
});

test('a batch that is larger than the room is taken alone, and one that fails makes room too', async () => {
  const { begun, works } = fill(new BatchRoom(10), [1, 100, 1]);
  await turn();
  expect(begun).toEqual([0]);
  works[0]?.end.reject(new Error('the disk is gone'));
  await expect(works[0]?.done).rejects.toThrow('the disk is gone');
  await turn();
  expect(begun).toEqual([0, 1]);
  works[1]?.end.resolve();
  await works[1]?.done;
  await turn();
  expect(begun).toEqual([0, 1, 2]);
});
