import {
  encodeNested,
  encodeString,
  encodeU8,
  indexAttributes,
  joinBytes,
  readU16,
} from '#plugin/netlink/netlink-message.ts';
import type { NetlinkSocket } from '#plugin/netlink/netlink-socket.ts';
import { IFLA, IFLA_BR, IFLA_INFO, RTM } from '#plugin/netlink/netlink-tables.ts';
import { encodeLinkHeader, IFINFO_BYTES } from './link-message.ts';

type LinkReference = { readonly index: number; readonly name: string };

export type VlanSettings = {
  /** Ports forward only frames of VLANs that they are members of. */
  readonly isFiltering: boolean;
  /** What a port is a member of from the start, 0 for nothing. */
  readonly defaultVlan: number;
};

/** The nested IFLA_LINKINFO that switches filtering on. */
export function encodeVlanFiltering(): Uint8Array {
  const data = encodeNested(IFLA_INFO.DATA, encodeU8(IFLA_BR.VLAN_FILTERING, 1));
  return encodeNested(IFLA.LINKINFO, encodeString(IFLA_INFO.KIND, 'bridge'), data);
}

export function readVlanSettings(socket: NetlinkSocket, bridge: LinkReference): VlanSettings {
  const body = encodeLinkHeader({ index: bridge.index });
  const [reply] = socket.request({ type: RTM.GETLINK, body, object: `link ${bridge.name}` });
  const none = new Uint8Array();
  const info = reply === undefined ? none : indexAttributes(reply.body, IFINFO_BYTES).get(IFLA.LINKINFO);
  const data = indexAttributes(indexAttributes(info ?? none).get(IFLA_INFO.DATA) ?? none);
  const defaultVlan = data.get(IFLA_BR.VLAN_DEFAULT_PVID);
  return {
    isFiltering: data.get(IFLA_BR.VLAN_FILTERING)?.[0] === 1,
    defaultVlan: defaultVlan === undefined ? 0 : readU16(defaultVlan),
  };
}

/** @throws NetlinkError EOPNOTSUPP where the kernel was built without it (CONFIG_BRIDGE_VLAN_FILTERING) */
export function setVlanFiltering(socket: NetlinkSocket, bridge: LinkReference): void {
  const body = joinBytes(encodeLinkHeader({ index: bridge.index }), encodeVlanFiltering());
  socket.request({ type: RTM.NEWLINK, body, object: `VLAN filtering of ${bridge.name}` });
}
