import { expect, test } from 'vitest';
import { NetworkNamespace } from '#model/kernel/kernel-snapshot.ts';
import { buildPodNamespace } from '#model/testing/build-node.ts';
import { encodeAttribute, encodeString, joinBytes, type NetlinkMessage } from '#plugin/netlink/netlink-message.ts';
import { AF, BRIDGE_VLAN_INFO, IFLA, IFLA_BRIDGE, RTM } from '#plugin/netlink/netlink-tables.ts';
import type { KnownNamespace } from './known-namespace.ts';
import { patchNamespace } from './patch-namespace.ts';

/*
 * What the kernel under test may lack: messages about VLANs put together from if_bridge.h. Everything else is shown by the real
 * kernel in follow-kernel.kernel.test.ts.
 */

const { PVID, UNTAGGED } = BRIDGE_VLAN_INFO;
const vlan = (id: number) => ({ first: id, last: id, isPvid: true, isUntagged: true });

function know(change: Partial<Record<keyof NetworkNamespace, unknown>>): KnownNamespace {
  const namespace = NetworkNamespace.parse({ ...buildPodNamespace(1), ...change });
  const found = { id: namespace.id, names: [], kind: namespace.kind, openPath: '' };
  const none = { fileSysctls: {}, linkSysctls: new Map(), localNetnsIds: new Map(), rulesMark: undefined };
  return { found, namespace, ...none };
}

const message = (type: number, body: Uint8Array): NetlinkMessage => ({ type, flags: 0, sequence: 0, portId: 0, body });

function linkHeader(family: number, index: number): Uint8Array {
  const header = new Uint8Array(16);
  header[0] = family;
  new DataView(header.buffer).setInt32(4, index, true);
  return header;
}

function portMessage(type: number, index: number, vlanId?: number): NetlinkMessage {
  const info = new Uint8Array(Uint16Array.of(PVID | UNTAGGED, vlanId ?? 0).buffer);
  const spec = vlanId === undefined ? new Uint8Array() : encodeAttribute(IFLA_BRIDGE.VLAN_INFO, info);
  const attributes = [encodeString(IFLA.IFNAME, 'veth1'), encodeAttribute(IFLA.AF_SPEC, spec)];
  return message(type, joinBytes(linkHeader(AF.BRIDGE, index), ...attributes));
}

/** struct br_vlan_msg */
function vlanMessage(type: number, index: number): NetlinkMessage {
  const body = new Uint8Array(8);
  body[0] = AF.BRIDGE;
  new DataView(body.buffer).setUint32(4, index, true);
  return message(type, body);
}

const two = know({
  bridgeVlans: [
    { linkIndex: 5, vlans: [vlan(1)] },
    { linkIndex: 6, vlans: [vlan(1)] },
  ],
});

test('a port that joins another VLAN is known by its message, without a reading', () => {
  const { known, stale } = patchNamespace(two, [vlanMessage(RTM.NEWVLAN, 5), portMessage(RTM.NEWLINK, 5, 100)]);
  expect(known.namespace.bridgeVlans).toEqual([
    { linkIndex: 5, vlans: [vlan(100)] },
    { linkIndex: 6, vlans: [vlan(1)] },
  ]);
  expect(stale.has('bridgeVlans')).toBe(false);
});

test('a message of a port that says the same leaves the very object that was known', () => {
  const { known } = patchNamespace(two, [portMessage(RTM.NEWLINK, 5, 1)]);
  expect(known.namespace).toBe(two.namespace);
});

test.each([
  ['a VLAN that a bridge gave to its ports by itself', vlanMessage(RTM.NEWVLAN, 5)],
  ['a VLAN that is gone', vlanMessage(RTM.DELVLAN, 5)],
  ['the VLAN of a bridge that is just being made, and has no number yet', vlanMessage(RTM.NEWVLAN, 0)],
  ['a port that left, or lost a VLAN', portMessage(RTM.DELLINK, 5)],
])('%s leads to a reading', (_, told) => {
  expect(patchNamespace(two, [told]).stale.has('bridgeVlans')).toBe(true);
});

test('a kernel without VLANs of bridges has none to read when a port comes or goes', () => {
  const none = know({ bridgeVlans: [] });
  const { known, stale } = patchNamespace(none, [portMessage(RTM.NEWLINK, 5), portMessage(RTM.DELLINK, 5)]);
  expect(known.namespace).toBe(none.namespace);
  expect(stale.has('bridgeVlans')).toBe(false);
});

test('a link takes its VLANs, programs and peers along, and those of others stay', () => {
  const [gone, left] = buildPodNamespace(1).links.map(({ index }) => index);
  if (gone === undefined || left === undefined) throw new Error('the pod has two links');
  const on = (linkIndex: number) => ({
    vlans: { linkIndex, vlans: [vlan(1)] },
    program: { linkIndex, hook: 'tcx/ingress', position: 0, programId: linkIndex },
    peers: { linkIndex, peers: [] },
  });
  const [one, other] = [on(gone), on(left)];
  const dissector = { hook: 'flow_dissector', position: 0, programId: 9 };
  const known = know({
    bridgeVlans: [one.vlans, other.vlans],
    bpf: { programs: [one.program, other.program, dissector] },
    wireguard: [one.peers, other.peers],
  });
  const told = message(RTM.DELLINK, linkHeader(AF.UNSPEC, gone));
  expect(patchNamespace(known, [told]).known.namespace).toMatchObject({
    bridgeVlans: [other.vlans],
    bpf: { programs: [other.program, dissector] },
    wireguard: [other.peers],
  });
});
