import {
  decodeAttributes,
  encodeAttribute,
  encodeU16,
  encodeU32,
  indexAttributes,
  joinBytes,
  readU16,
} from '#plugin/netlink/netlink-message.ts';
import type { NetlinkRequest, NetlinkSocket } from '#plugin/netlink/netlink-socket.ts';
import {
  AF,
  BRIDGE_FLAGS_SELF,
  BRIDGE_VLAN_INFO,
  IFLA,
  IFLA_BRIDGE,
  RTEXT_FILTER_BRVLAN,
  RTM,
} from '#plugin/netlink/netlink-tables.ts';
import { encodeLinkHeader, IFINFO_BYTES } from './link-message.ts';

type LinkReference = { readonly index: number; readonly name: string };

/** VLAN ids, both ends included. */
export type VlanRange = { readonly first: number; readonly last: number };

export type VlanMembership = {
  /** The VLAN that untagged frames of the port belong to; they leave it untagged too. */
  readonly access: number | undefined;
  /** The VLANs whose frames the port carries with their tag. */
  readonly trunk: readonly VlanRange[];
  /** The port stays in the bridge's default VLAN beside them. */
  readonly isDefaultKept: boolean;
};

/** `struct bridge_vlan_info`: flags, id. include/uapi/linux/if_bridge.h */
function encodeVlanInfo(vlan: number, flags: number): Uint8Array {
  const value = new Uint8Array(4);
  const view = new DataView(value.buffer);
  view.setUint16(0, flags, true);
  view.setUint16(2, vlan, true);
  return encodeAttribute(IFLA_BRIDGE.VLAN_INFO, value);
}

function encodeRange({ first, last }: VlanRange): readonly Uint8Array[] {
  if (first === last) return [encodeVlanInfo(first, 0)];
  return [encodeVlanInfo(first, BRIDGE_VLAN_INFO.RANGE_BEGIN), encodeVlanInfo(last, BRIDGE_VLAN_INFO.RANGE_END)];
}

const encodeSpec = (link: LinkReference, ...attributes: readonly Uint8Array[]): Uint8Array =>
  joinBytes(
    encodeLinkHeader({ index: link.index, family: AF.BRIDGE }),
    encodeAttribute(IFLA.AF_SPEC, joinBytes(...attributes)),
  );

/** `bridge vlan add vid … dev <port>`, all of it in one request. */
export function describePortVlans(port: LinkReference, { access, trunk }: VlanMembership): NetlinkRequest {
  const infos: Uint8Array[] = [];
  if (access !== undefined) infos.push(encodeVlanInfo(access, BRIDGE_VLAN_INFO.PVID | BRIDGE_VLAN_INFO.UNTAGGED));
  for (const range of trunk) infos.push(...encodeRange(range));
  return { type: RTM.SETLINK, body: encodeSpec(port, ...infos), object: `VLANs of ${port.name}` };
}

/** `bridge vlan del vid <vlan> dev <port>` */
export function describeVlanRemoval(port: LinkReference, vlan: number): NetlinkRequest {
  return { type: RTM.DELLINK, body: encodeSpec(port, encodeVlanInfo(vlan, 0)), object: `VLAN ${vlan} of ${port.name}` };
}

/** `bridge vlan add vid <vlan> dev <bridge> self`: the bridge's own stack takes part in the VLAN. */
export function describeBridgeVlan(bridge: LinkReference, vlan: number): NetlinkRequest {
  const body = encodeSpec(bridge, encodeU16(IFLA_BRIDGE.FLAGS, BRIDGE_FLAGS_SELF), encodeVlanInfo(vlan, 0));
  return { type: RTM.SETLINK, body, object: `VLAN ${vlan} of ${bridge.name} itself` };
}

export type PortVlan = { readonly vlan: number; readonly isPvid: boolean; readonly isUntagged: boolean };

/** What the port is a member of. The kernel lists the ports of every bridge; there is no filter in older ones. */
export function listPortVlans(socket: NetlinkSocket, port: LinkReference): readonly PortVlan[] {
  const body = joinBytes(encodeLinkHeader({ family: AF.BRIDGE }), encodeU32(IFLA.EXT_MASK, RTEXT_FILTER_BRVLAN));
  const vlans: PortVlan[] = [];
  for (const message of socket.dump(RTM.GETLINK, body, `VLANs of ${port.name}`)) {
    if (new DataView(message.body.buffer, message.body.byteOffset).getInt32(4, true) !== port.index) continue;
    vlans.push(...decodePortVlans(message.body));
  }
  return vlans;
}

/** @param body of an RTM_NEWLINK of AF_BRIDGE, behind the netlink header */
export function decodePortVlans(body: Uint8Array): readonly PortVlan[] {
  const spec = indexAttributes(body, IFINFO_BYTES).get(IFLA.AF_SPEC);
  const infos = spec === undefined ? [] : decodeAttributes(spec).filter(({ type }) => type === IFLA_BRIDGE.VLAN_INFO);
  return infos.map(({ value }) => {
    const flags = readU16(value);
    return {
      vlan: readU16(value, 2),
      isPvid: (flags & BRIDGE_VLAN_INFO.PVID) !== 0,
      isUntagged: (flags & BRIDGE_VLAN_INFO.UNTAGGED) !== 0,
    };
  });
}
