import { describe, expect, it } from 'vitest';
import { parseIpAddress } from '#plugin/network/ip-address.ts';
import { decodeOffender, encodeEcho, encodeSocketAddress, isEchoReply } from './probe-packet.ts';

const address = (text: string) => parseIpAddress(text) ?? expect.fail(text);

describe('what a probe sends', () => {
  it('is an echo whose words add up to all ones, as RFC 1071 wants it', () => {
    const packet = encodeEcho('inet', 0xbeef);
    const view = new DataView(packet.buffer);
    let sum = 0;
    for (let at = 0; at < packet.byteLength; at += 2) sum += view.getUint16(at);
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
    expect(sum).toBe(0xffff);
    expect([...packet.subarray(0, 2), ...packet.subarray(4, 8)]).toEqual([8, 0, 0xbe, 0xef, 0, 1]);
  });

  it('goes to an address as the kernel wants it', () => {
    expect([...encodeSocketAddress(address('10.240.2.2'), 0x1234).subarray(0, 8)]).toEqual([
      2, 0, 0x12, 0x34, 10, 240, 2, 2,
    ]);
    expect([...encodeSocketAddress(address('fd00::1'), 80)].slice(0, 10)).toEqual([10, 0, 0, 80, 0, 0, 0, 0, 0xfd, 0]);
  });
});

describe('what comes back', () => {
  it('is the answer only where it answers this very probe', () => {
    const header = Uint8Array.of(0x45, ...Array(19).fill(0));
    const reply = (type: number, identifier: number) => {
      const packet = encodeEcho('inet', identifier);
      packet[0] = type;
      return Uint8Array.of(...header, ...packet);
    };
    expect(isEchoReply(reply(0, 7), 'inet', 7)).toBe(true);
    expect(isEchoReply(reply(0, 8), 'inet', 7)).toBe(false);
    expect(isEchoReply(reply(8, 7), 'inet', 7)).toBe(false);
    expect(isEchoReply(reply(0, 7).subarray(0, 24), 'inet', 7)).toBe(false);
    expect(isEchoReply(new Uint8Array(0), 'inet', 7)).toBe(false);
  });

  it('names who sent an ICMP error, and nobody where the kernel spoke by itself', () => {
    const control = (origin: number) =>
      Uint8Array.of(
        ...Array(16).fill(0),
        113,
        0,
        0,
        0,
        origin,
        3,
        1,
        0,
        ...Array(8).fill(0),
        2,
        0,
        0,
        0,
        10,
        240,
        2,
        1,
      );
    expect(decodeOffender(control(2))).toEqual(address('10.240.2.1'));
    expect(decodeOffender(control(1))).toBeUndefined();
    expect(decodeOffender(new Uint8Array(0))).toBeUndefined();
  });
});
