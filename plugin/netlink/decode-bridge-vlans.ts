import type { BridgeVlanRange, BridgeVlans } from '#model/kernel/bridge-vlans.ts';
import { viewOf } from './decode-attributes.ts';
import { decodeAttributes, indexAttributes, readU16 } from './netlink-message.ts';
import { BRIDGE_VLAN_INFO, IFLA, IFLA_BRIDGE } from './netlink-tables.ts';

/** struct ifinfomsg */
const ifinfomsgBytes = 16;

/**
 * Reads the VLANs in the body of one RTM_NEWLINK of AF_BRIDGE. Ranges come as two entries, the first and the last VLAN of it, where
 * RTEXT_FILTER_BRVLAN_COMPRESSED was asked for, and in every notification (net/bridge/br_netlink.c, br_info_notify).
 * @returns `undefined` for a link that is a member of none
 */
export function decodeBridgeVlans(body: Uint8Array): BridgeVlans | undefined {
  const spec = indexAttributes(body, ifinfomsgBytes).get(IFLA.AF_SPEC);
  if (spec === undefined) return undefined;
  const vlans: BridgeVlanRange[] = [];
  let first: number | undefined;
  for (const { type, value } of decodeAttributes(spec)) {
    if (type !== IFLA_BRIDGE.VLAN_INFO) continue;
    // struct bridge_vlan_info: flags u16, vid u16
    const [flags, vlan] = [readU16(value), readU16(value, 2)];
    if ((flags & BRIDGE_VLAN_INFO.RANGE_BEGIN) !== 0) {
      first = vlan;
      continue;
    }
    vlans.push({
      first: first ?? vlan,
      last: vlan,
      isPvid: (flags & BRIDGE_VLAN_INFO.PVID) !== 0,
      isUntagged: (flags & BRIDGE_VLAN_INFO.UNTAGGED) !== 0,
    });
    first = undefined;
  }
  if (vlans.length === 0) return undefined;
  return { linkIndex: viewOf(body).getInt32(4, true) as BridgeVlans['linkIndex'], vlans };
}

/**
 * What is known with one member changed, in the order of the links' numbers: no order of messages and dumps shows.
 * @param vlans absent: the link is a member of none any more
 */
export function putBridgeVlans(
  known: readonly BridgeVlans[],
  linkIndex: number,
  vlans: BridgeVlans | undefined,
): BridgeVlans[] {
  const others = known.filter((each) => each.linkIndex !== linkIndex);
  return [...others, ...(vlans === undefined ? [] : [vlans])].sort((a, b) => a.linkIndex - b.linkIndex);
}
