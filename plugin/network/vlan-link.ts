import { encodeNested, encodeString, encodeU16, encodeU32, joinBytes } from '#plugin/netlink/netlink-message.ts';
import type { NetlinkRequest } from '#plugin/netlink/netlink-socket.ts';
import { IFLA, IFLA_INFO, IFLA_VLAN_ID, NLM_F, RTM } from '#plugin/netlink/netlink-tables.ts';
import { encodeLinkHeader } from './link-message.ts';

/** `cni0.100`, as `ip` and the reference plugin name it. */
export function vlanLinkName(bridgeName: string, vlan: number): string {
  return `${bridgeName}.${vlan}`;
}

/** `ip link add link <bridge> name <bridge>.<vlan> type vlan id <vlan>`, which gets the bridge's MAC. */
export function describeVlanLink(
  bridge: { readonly index: number; readonly name: string },
  vlan: number,
): NetlinkRequest {
  const name = vlanLinkName(bridge.name, vlan);
  const data = encodeNested(IFLA_INFO.DATA, encodeU16(IFLA_VLAN_ID, vlan));
  const body = joinBytes(
    encodeLinkHeader({}),
    encodeU32(IFLA.LINK, bridge.index),
    encodeString(IFLA.IFNAME, name),
    encodeNested(IFLA.LINKINFO, encodeString(IFLA_INFO.KIND, 'vlan'), data),
  );
  return { type: RTM.NEWLINK, flags: NLM_F.CREATE | NLM_F.EXCL, body, object: `VLAN link ${name}` };
}
