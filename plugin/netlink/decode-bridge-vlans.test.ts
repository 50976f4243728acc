import { expect, test } from 'vitest';
import { BridgeVlans } from '#model/kernel/bridge-vlans.ts';
import { decodeBridgeVlans, putBridgeVlans } from './decode-bridge-vlans.ts';
import { encodeAttribute, encodeString, encodeU16, joinBytes } from './netlink-message.ts';
import { AF, BRIDGE_VLAN_INFO, IFLA, IFLA_BRIDGE } from './netlink-tables.ts';

/*
 * Bytes put together from if_bridge.h, as net/bridge/br_netlink.c fills them (br_fill_ifvlaninfo_compressed): the kernel under
 * test may be built without VLAN filtering.
 */

const { PVID, UNTAGGED, RANGE_BEGIN, RANGE_END } = BRIDGE_VLAN_INFO;

function makePort(index: number, ...spec: readonly Uint8Array[]): Uint8Array {
  const header = new Uint8Array(16);
  header[0] = AF.BRIDGE;
  new DataView(header.buffer).setInt32(4, index, true);
  return joinBytes(header, encodeString(IFLA.IFNAME, 'veth1'), encodeAttribute(IFLA.AF_SPEC, joinBytes(...spec)));
}

function info(flags: number, vlan: number): Uint8Array {
  const value = new Uint8Array(4);
  new Uint16Array(value.buffer).set([flags, vlan]);
  return encodeAttribute(IFLA_BRIDGE.VLAN_INFO, value);
}

const decode = (body: Uint8Array) => BridgeVlans.parse(decodeBridgeVlans(body));

test('an access port has one VLAN, in and out without a tag', () => {
  expect(decode(makePort(7, info(PVID | UNTAGGED, 100)))).toEqual({
    linkIndex: 7,
    vlans: [{ first: 100, last: 100, isPvid: true, isUntagged: true }],
  });
});

test('a trunk port says its ranges and its native VLAN', () => {
  const body = makePort(
    8,
    info(PVID | UNTAGGED, 1),
    info(RANGE_BEGIN, 10),
    info(RANGE_END, 19),
    info(0, 30),
    info(RANGE_BEGIN | UNTAGGED, 40),
    info(RANGE_END | UNTAGGED, 41),
  );
  expect(decode(body).vlans).toEqual([
    { first: 1, last: 1, isPvid: true, isUntagged: true },
    { first: 10, last: 19, isPvid: false, isUntagged: false },
    { first: 30, last: 30, isPvid: false, isUntagged: false },
    { first: 40, last: 41, isPvid: false, isUntagged: true },
  ]);
});

test('a network card that only tells its bridge mode is a member of no VLAN', () => {
  expect(decodeBridgeVlans(makePort(3, encodeU16(1, 0)))).toBeUndefined();
  expect(decodeBridgeVlans(makePort(3))).toBeUndefined();
});

test('a port that changes its VLANs, or leaves, changes nothing of the others', () => {
  const [one, two] = [decode(makePort(1, info(PVID, 5))), decode(makePort(2, info(0, 6)))];
  const both = putBridgeVlans(putBridgeVlans([], 2, two), 1, one);
  expect(both).toEqual([one, two]);
  const moved = decode(makePort(1, info(PVID, 9)));
  expect(putBridgeVlans(both, 1, moved)).toEqual([moved, two]);
  expect(putBridgeVlans(both, 1, undefined)).toEqual([two]);
});
