import { expect, test } from 'vitest';
import { formatHex } from './decode-attributes.ts';
import { encodeAttribute, encodeNested, encodeString, encodeU32, joinBytes } from './netlink-message.ts';
import { settleFilterOptions } from './settle-traffic-options.ts';

/** struct tcf_t: install, lastuse, expires, firstuse; each u64. include/uapi/linux/pkt_cls.h */
const times = (lastUse: number): Uint8Array => {
  const bytes = new Uint8Array(32);
  new DataView(bytes.buffer).setBigUint64(8, BigInt(lastUse), true);
  return bytes;
};

interface Action {
  readonly kind: string;
  readonly timesType: number;
  readonly parametersType: number;
}

/** A filter of the kind matchall with one action that was used before. */
const matchall = ({ kind, timesType, parametersType }: Action, { used = 0, ifindex = 3 } = {}): string =>
  formatHex(
    joinBytes(
      encodeU32(1, 0x10001),
      encodeNested(
        2,
        encodeNested(
          1,
          encodeString(1, kind),
          encodeNested(4, encodeU32(1, used)),
          encodeU32(10, used),
          encodeNested(2, encodeAttribute(timesType, times(used)), encodeU32(parametersType, ifindex)),
        ),
      ),
      encodeAttribute(4, Uint8Array.of(used, 0, 0, 0, 0, 0, 0, 0)),
    ),
  );

test.each<Action>([
  { kind: 'mirred', timesType: 1, parametersType: 2 },
  { kind: 'ct', timesType: 2, parametersType: 1 },
  { kind: 'police', timesType: 6, parametersType: 1 },
])('a filter whose action $kind is used stays the same, and one with another setting does not', (action) => {
  const settle = (options: string): string => settleFilterOptions('matchall', options);
  expect(settle(matchall(action, { used: 7 }))).toBe(settle(matchall(action)));
  expect(settle(matchall(action, { ifindex: 4 }))).not.toBe(settle(matchall(action)));
});

test('options of a kind that is not known stay as they are', () => {
  expect(settleFilterOptions('rsvp', 'c0ffee')).toBe('c0ffee');
});
