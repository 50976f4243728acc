import { describe, expect, it } from 'vitest';
import {
  decodeAttributes,
  decodeMessages,
  encodeAttribute,
  encodeMessage,
  encodeNested,
  encodeString,
  encodeU16,
  encodeU32,
  indexAttributes,
  joinBytes,
  readString,
  readU16,
  readU32,
} from './netlink-message.ts';

/** mulberry32: the same bytes in every run. */
function createByteSource(seed: number): (length: number) => Uint8Array {
  let state = seed;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) & 0xff;
  };
  return (length) => Uint8Array.from({ length }, next);
}

describe('netlink messages', () => {
  it('survive encoding and decoding with random bodies of every length up to 300 bytes', () => {
    const bytes = createByteSource(1);
    for (let length = 0; length <= 300; length += 1) {
      const message = { type: 16, flags: 0x405, sequence: length + 1, portId: 4711, body: bytes(length) };
      expect(decodeMessages(encodeMessage(message))).toEqual([message]);
    }
  });

  it('are told apart when one read holds several, padded to 4 bytes', () => {
    const first = { type: 16, flags: 2, sequence: 1, portId: 0, body: Uint8Array.of(1, 2, 3) };
    const second = { type: 3, flags: 2, sequence: 1, portId: 0, body: Uint8Array.of(9, 9, 9, 9) };
    expect(decodeMessages(joinBytes(encodeMessage(first), encodeMessage(second)))).toEqual([first, second]);
  });

  it('are refused when the length field reaches beyond what was read', () => {
    const whole = encodeMessage({ type: 16, flags: 0, sequence: 1, portId: 0, body: new Uint8Array(32) });
    expect(() => decodeMessages(whole.subarray(0, 40))).toThrow(RangeError);
  });

  it('keep their body when the receive buffer is used again', () => {
    const buffer = encodeMessage({ type: 16, flags: 0, sequence: 1, portId: 0, body: Uint8Array.of(7) });
    const [message] = decodeMessages(buffer);
    buffer.fill(0);
    expect(message?.body).toEqual(Uint8Array.of(7));
  });
});

describe('netlink attributes', () => {
  it('survive encoding and decoding behind a family header, in order, with random values', () => {
    const bytes = createByteSource(2);
    const attributes = Array.from({ length: 200 }, (_, index) => ({ type: index + 1, value: bytes(index) }));
    const header = bytes(16);
    const body = joinBytes(header, ...attributes.map(({ type, value }) => encodeAttribute(type, value)));
    expect(decodeAttributes(body, 16)).toEqual(attributes);
  });

  it('hold attributes in turn, and lose the nested flag when read', () => {
    const nested = encodeNested(18, encodeString(1, 'veth'), encodeNested(2, encodeU32(4, 1400), encodeU16(7, 7)));
    const [outer] = decodeAttributes(nested);
    expect(outer?.type).toBe(18);
    const info = indexAttributes(outer?.value ?? new Uint8Array());
    expect(readString(info.get(1) ?? new Uint8Array())).toBe('veth');
    const data = indexAttributes(info.get(2) ?? new Uint8Array());
    expect(readU32(data.get(4) ?? new Uint8Array())).toBe(1400);
    expect(readU16(data.get(7) ?? new Uint8Array())).toBe(7);
  });

  it('match what the kernel headers lay out: length, type, zero-terminated name, padding', () => {
    expect([...encodeString(3, 'eth0')]).toEqual([9, 0, 3, 0, 0x65, 0x74, 0x68, 0x30, 0, 0, 0, 0]);
  });

  it('never read beyond random garbage: they decode or throw a RangeError', () => {
    const bytes = createByteSource(3);
    for (let round = 0; round < 2000; round += 1) {
      const garbage = bytes(round % 97);
      try {
        for (const { value } of decodeAttributes(garbage))
          expect(value.byteLength).toBeLessThanOrEqual(garbage.byteLength);
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
      }
    }
  });
});
