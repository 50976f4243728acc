import { expect, test } from 'vitest';
import { encodeNested, encodeU32, joinBytes } from './netlink-message.ts';
import { RecordMemo } from './record-memo.ts';

const message = (index: number, counter: number, timer: number): Uint8Array =>
  joinBytes(new Uint8Array(4), encodeU32(1, index), encodeU32(2, counter), encodeNested(3, encodeU32(9, timer)));

function makeMemo() {
  const decoded: Uint8Array[] = [];
  const decode = (body: Uint8Array) => ({ place: decoded.push(body.slice()) });
  const noise = new Map<number, 'all' | ReadonlyMap<number, 'all'>>([
    [2, 'all'],
    [3, new Map([[9, 'all']])],
  ]);
  return { memo: new RecordMemo({ decode, headerBytes: 4, noise }), decoded };
}

test('a record that merely counted on is the same object', () => {
  const { memo, decoded } = makeMemo();
  const first = memo.decode(message(1, 10, 100));
  expect(memo.decode(message(1, 11, 101))).toBe(first);
  expect(memo.decode(message(2, 10, 100))).not.toBe(first);
  expect(decoded).toHaveLength(2);
});

test('what two full readings did not see is forgotten, what one saw is kept', () => {
  const { memo } = makeMemo();
  const first = memo.decode(message(1, 0, 0));
  memo.age();
  expect(memo.decode(message(1, 0, 0))).toBe(first);
  memo.age();
  memo.age();
  expect(memo.decode(message(1, 0, 0))).not.toBe(first);
});

test('what is no record is remembered as none', () => {
  let asked = 0;
  const memo = new RecordMemo({
    headerBytes: 4,
    decode: () => {
      asked += 1;
      return undefined;
    },
  });
  expect([memo.decode(message(1, 0, 0)), memo.decode(message(1, 0, 0)), asked]).toEqual([undefined, undefined, 1]);
});
