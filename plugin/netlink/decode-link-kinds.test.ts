import { expect, test } from 'vitest';
import { Link } from '#model/kernel/kernel-snapshot.ts';
import { decodeLink } from './decode-link.ts';
import {
  encodeAttribute,
  encodeNested,
  encodeString,
  encodeU8,
  encodeU16,
  encodeU32,
  joinBytes,
} from './netlink-message.ts';
import { IFLA, IFLA_INFO } from './netlink-tables.ts';

/*
 * Kinds of links that the kernel under test may lack: bytes put together from the kernel headers, if_link.h and
 * if_tunnel.h. Where the kernel has a kind, shapes/ compares the real thing.
 */

/** struct ifinfomsg of link 7, as ARPHRD_ETHER. */
const header = (): Uint8Array => {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setUint16(2, 1, true);
  view.setInt32(4, 7, true);
  return bytes;
};

const ip = (type: number, text: string): Uint8Array => encodeAttribute(type, Uint8Array.from(text.split('.'), Number));
const bigEndian = (type: number, value: number, bytes: 2 | 4): Uint8Array => {
  const payload = new Uint8Array(bytes);
  const view = new DataView(payload.buffer);
  if (bytes === 2) view.setUint16(0, value, false);
  else view.setUint32(0, value, false);
  return encodeAttribute(type, payload);
};

function makeLink(kind: string, data: readonly Uint8Array[], more: readonly Uint8Array[] = []): Link {
  const info = encodeNested(
    IFLA.LINKINFO,
    encodeString(IFLA_INFO.KIND, kind),
    ...(data.length > 0 ? [encodeNested(IFLA_INFO.DATA, ...data)] : []),
  );
  const body = joinBytes(header(), encodeString(IFLA.IFNAME, 'net0'), encodeU32(IFLA.MTU, 1500), info, ...more);
  return Link.parse(decodeLink(body).link);
}

test.each(['dummy', 'wireguard', 'ifb'])('a %s is seen with its kind', (kind) => {
  expect(makeLink(kind, [])).toMatchObject({ index: 7, name: 'net0', kind });
});

test('a VLAN link says its number, its protocol and the link below', () => {
  const link = makeLink('vlan', [encodeU16(1, 100), bigEndian(5, 0x88a8, 2)], [encodeU32(IFLA.LINK, 3)]);
  expect(link).toMatchObject({ parentIndex: 3, vlan: { id: 100, protocol: '802.1ad' } });
});

test.each([
  [1, 'private'],
  [4, 'bridge'],
  [8, 'passthru'],
])('mode %i of a macvlan is %s', (mode, name) => {
  expect(makeLink('macvlan', [encodeU32(1, mode)]).macvlan).toEqual({ mode: name });
});

test('an ipvlan says its mode and its flag', () => {
  expect(makeLink('ipvlan', [encodeU16(1, 2), encodeU16(2, 1)]).ipvlan).toEqual({ mode: 'l3s', flag: 'private' });
});

test('a bond says its mode and the port in use', () => {
  expect(makeLink('bond', [encodeU8(1, 1), encodeU32(2, 4)]).bond).toEqual({ mode: 'active-backup', activeIndex: 4 });
});

test('a port of a bond names the bond as its master, and shows its state as proof', () => {
  const slave = encodeNested(
    IFLA.LINKINFO,
    encodeString(IFLA_INFO.SLAVE_KIND, 'bond'),
    encodeNested(IFLA_INFO.SLAVE_DATA, encodeU8(1, 1), encodeU32(3, 17)),
  );
  const { link } = decodeLink(joinBytes(header(), encodeString(IFLA.IFNAME, 'eth1'), encodeU32(IFLA.MASTER, 9), slave));
  expect(link).toMatchObject({
    masterIndex: 9,
    raw: { IFLA_LINKINFO: { IFLA_INFO_SLAVE_DATA: { IFLA_BOND_SLAVE_STATE: 1 } } },
  });
  // Failures count up by themselves.
  expect(JSON.stringify(link.raw)).not.toContain('FAILURE_COUNT');
});

test.each([
  [1, 'tun'],
  [2, 'tap'],
])('type %i of a tun device is %s', (type, mode) => {
  expect(makeLink('tun', [encodeU8(3, type)]).tun).toEqual({ mode });
});

test('a VRF says its table', () => {
  expect(makeLink('vrf', [encodeU32(1, 1001)]).vrf).toEqual({ table: 1001 });
});

test.each(['ipip', 'sit'])('an %s tunnel says its ends and the link it goes out by', (kind) => {
  const link = makeLink(kind, [encodeU32(1, 2), ip(2, '192.168.31.163'), ip(3, '192.168.31.162')]);
  expect(link).toMatchObject({
    parentIndex: 2,
    tunnel: { localIp: '192.168.31.163', remoteIp: '192.168.31.162', isExternal: false },
  });
});

test('a tunnel to anywhere has no ends', () => {
  expect(makeLink('ipip', [ip(2, '0.0.0.0'), ip(3, '0.0.0.0'), encodeAttribute(19, new Uint8Array())]).tunnel).toEqual({
    isExternal: true,
  });
});

test('a GRE tunnel says its key', () => {
  const link = makeLink('gre', [bigEndian(5, 42, 4), ip(6, '10.0.0.1'), ip(7, '10.0.0.2')]);
  expect(link.tunnel).toEqual({ localIp: '10.0.0.1', remoteIp: '10.0.0.2', id: 42, isExternal: false });
});

test('a Geneve tunnel says its number and port', () => {
  const link = makeLink('geneve', [encodeU32(1, 77), ip(2, '10.0.0.2'), bigEndian(5, 6081, 2)]);
  expect(link.tunnel).toEqual({ remoteIp: '10.0.0.2', id: 77, port: 6081, isExternal: false });
});

test('a Geneve tunnel over IPv6 says its other end', () => {
  const remote = Uint8Array.fromHex('fd000000000000000000000000000009');
  expect(makeLink('geneve', [encodeU32(1, 77), encodeAttribute(7, remote)]).tunnel?.remoteIp).toBe('fd00::9');
});

test('an XDP program that is attached is told, and a link without one says nothing', () => {
  const attached = encodeNested(43, encodeU8(2, 2), encodeU32(4, 31), encodeU32(6, 31));
  expect(makeLink('veth', [], [attached]).xdp).toEqual({
    mode: 'generic',
    programIds: [31],
    programs: [{ mode: 'generic', id: 31 }],
  });
  expect(makeLink('veth', [], [encodeNested(43, encodeU8(2, 0))]).xdp).toBeUndefined();
});

test('XDP programs of several modes are told apart', () => {
  const attached = encodeNested(43, encodeU8(2, 4), encodeU32(5, 30), encodeU32(6, 31));
  expect(makeLink('veth', [], [attached]).xdp).toEqual({
    mode: 'multiple',
    programIds: [30, 31],
    programs: [
      { mode: 'driver', id: 30 },
      { mode: 'generic', id: 31 },
    ],
  });
});

test('a kind that nobody knows keeps its settings as the bytes of the kernel', () => {
  expect(makeLink('quux', [encodeU8(1, 5)]).raw).toMatchObject({
    IFLA_LINKINFO: { IFLA_INFO_KIND: 'quux', IFLA_INFO_DATA: '0500010005000000' },
  });
});
