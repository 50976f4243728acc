import { expect, test } from 'vitest';
import { decodeIpsetPart } from './decode-ipset.ts';
import { encodeAttribute, encodeNested, encodeString, encodeU8, joinBytes } from './netlink-message.ts';
import { IPSET_ATTR } from './netlink-tables.ts';

/* Bytes put together from include/uapi/linux/netfilter/ipset/ip_set.h; shapes/calico.ts compares the real thing. */
const nfgenmsg = new Uint8Array(4);
const ip = (type: number, text: string) =>
  encodeNested(type, encodeAttribute(1, Uint8Array.from(text.split('.'), Number)));
const port = (number: number) => encodeAttribute(4, Uint8Array.of(number >> 8, number & 0xff));
const head = (kind: string) => [
  encodeString(IPSET_ATTR.SETNAME, 'set'),
  encodeString(IPSET_ATTR.TYPENAME, kind),
  encodeU8(IPSET_ATTR.FAMILY, 2),
];
const entries = (...list: Uint8Array[][]) =>
  encodeNested(IPSET_ATTR.ADT, ...list.map((entry) => encodeNested(IPSET_ATTR.DATA, ...entry)));

test.each([
  ['hash:ip', [ip(1, '10.0.0.1')], '10.0.0.1'],
  ['hash:net', [ip(1, '10.0.0.0'), encodeU8(3, 8)], '10.0.0.0/8'],
  ['hash:net', [ip(1, '10.0.0.7'), encodeU8(3, 32)], '10.0.0.7'],
  [
    'hash:net',
    [ip(1, '10.1.0.0'), encodeU8(3, 16), encodeAttribute(8, Uint8Array.of(0, 0, 0, 4))],
    '10.1.0.0/16 nomatch',
  ],
  ['hash:ip,port', [ip(1, '10.0.0.1'), port(8080), encodeU8(7, 6)], '10.0.0.1,tcp:8080'],
  [
    'hash:ip,port,net',
    [ip(1, '10.0.0.1'), port(53), encodeU8(7, 17), ip(20, '10.2.0.0'), encodeU8(21, 16)],
    '10.0.0.1,udp:53,10.2.0.0/16',
  ],
  ['hash:net,iface', [ip(1, '10.0.0.0'), encodeU8(3, 8), encodeString(23, 'eth0')], '10.0.0.0/8,eth0'],
  ['bitmap:port', [port(80)], '80'],
  [
    'bitmap:ip,mac',
    [ip(1, '10.0.0.5'), encodeAttribute(17, Uint8Array.of(2, 0xaa, 0, 0, 0, 1))],
    '10.0.0.5,02:AA:00:00:00:01',
  ],
  ['hash:ip,mark', [ip(1, '10.0.0.5'), encodeAttribute(10, Uint8Array.of(0, 0, 0, 0x80))], '10.0.0.5,0x00000080'],
  ['list:set', [encodeString(18, 'other')], 'other'],
])('an entry of %s is written as ipset writes it: %#', (kind, entry, text) => {
  const part = decodeIpsetPart(joinBytes(nfgenmsg, ...head(kind), entries(entry)), () => undefined);
  expect(part).toEqual({ name: 'set', kind, family: 'inet', entries: [text] });
});

test('a set whose entries fill several messages keeps its kind', () => {
  const rest = joinBytes(nfgenmsg, encodeString(IPSET_ATTR.SETNAME, 'set'), entries([ip(1, '10.0.0.2')]));
  expect(decodeIpsetPart(rest, () => 'hash:ip')).toMatchObject({ name: 'set', entries: ['10.0.0.2'] });
});
