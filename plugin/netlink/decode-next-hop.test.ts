import { expect, test } from 'vitest';
import { NextHop } from '#model/kernel/kernel-snapshot.ts';
import { decodeNextHop } from './decode-next-hop.ts';
import { encodeAttribute, encodeU16, encodeU32, joinBytes } from './netlink-message.ts';

/** struct nhmsg: family inet, scope universe, protocol static. include/uapi/linux/nexthop.h */
const header = Uint8Array.of(2, 0, 4, 0, 0, 0, 0, 0);
const NHA = { ID: 1, GROUP: 2, BLACKHOLE: 4, OIF: 5, GATEWAY: 6, ENCAP_TYPE: 7, ENCAP: 8 } as const;

test('a nexthop object says its router and link', () => {
  const body = joinBytes(
    header,
    encodeU32(NHA.ID, 3),
    encodeU32(NHA.OIF, 2),
    encodeAttribute(NHA.GATEWAY, Uint8Array.of(192, 168, 31, 5)),
  );
  expect(NextHop.parse(decodeNextHop(body))).toMatchObject({
    id: 3,
    family: 'inet',
    gateway: '192.168.31.5',
    linkIndex: 2,
    isBlackhole: false,
    protocol: 'static',
  });
});

test('a group says its members and their weights', () => {
  const members = Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 4, 0, 0, 0);
  expect(decodeNextHop(joinBytes(header, encodeU32(NHA.ID, 9), encodeAttribute(NHA.GROUP, members)))?.group).toEqual([
    { id: 1, weight: 1 },
    { id: 2, weight: 5 },
  ]);
});

test('a blackhole and a tunnel around the packet are told', () => {
  const hole = decodeNextHop(joinBytes(header, encodeU32(NHA.ID, 1), encodeAttribute(NHA.BLACKHOLE, new Uint8Array())));
  expect(hole?.isBlackhole).toBe(true);
  const encap = encodeAttribute(NHA.ENCAP, Uint8Array.of(1, 2));
  const tunnel = decodeNextHop(joinBytes(header, encodeU32(NHA.ID, 1), encodeU16(NHA.ENCAP_TYPE, 5), encap));
  expect(tunnel?.encap).toEqual({ type: 'seg6', raw: '0102' });
});
