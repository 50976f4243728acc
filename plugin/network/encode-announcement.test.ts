import { expect, it } from 'vitest';
import { encodeAnnouncement } from './encode-announcement.ts';
import { parseIpAddress } from './ip-address.ts';

const mac = new Uint8Array([0x0a, 0x58, 0x0a, 0xf0, 2, 2]);
const encode = (text: string): DataView => {
  const address = parseIpAddress(text);
  if (address === undefined) throw new Error(text);
  return new DataView(encodeAnnouncement({ address, mac }).buffer);
};

it('an IPv4 address is announced by an ARP request for itself, to everyone', () => {
  const hex = Buffer.from(encode('10.240.2.2').buffer).toString('hex');
  expect(hex).toBe('ffffffffffff0a580af00202080600010800060400010a580af002020af002020000000000000af00202');
});

it('an IPv6 advertisement adds up to nothing with its pseudo header, as the receiver checks it', () => {
  const frame = encode('fd00:9::2');
  let sum = 32 + 58;
  for (let at = 14 + 8; at < frame.byteLength; at += 2) sum += frame.getUint16(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  expect(sum).toBe(0xffff);
  expect(frame.getUint8(14 + 7)).toBe(255);
  expect(frame.getUint8(14 + 40)).toBe(136);
});
