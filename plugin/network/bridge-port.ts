import { encodeNested, encodeU8, indexAttributes, joinBytes } from '#plugin/netlink/netlink-message.ts';
import type { NetlinkSocket } from '#plugin/netlink/netlink-socket.ts';
import { AF, IFLA, IFLA_BRPORT, IFLA_INFO, RTM } from '#plugin/netlink/netlink-tables.ts';
import { encodeLinkHeader, IFINFO_BYTES } from './link-message.ts';

type LinkReference = { readonly index: number; readonly name: string };

export type PortFlags = {
  /** Frames go back where they came from: a pod that reaches itself through its service needs it. */
  readonly isHairpin: boolean;
  /** No frames from and to other isolated ports; the gateway and ports that are not isolated stay reachable. */
  readonly isIsolated: boolean;
};

/** Switches on what is asked for, in one request; nothing is switched off. */
export function setPortFlags(socket: NetlinkSocket, port: LinkReference, { isHairpin, isIsolated }: PortFlags): void {
  const flags: Uint8Array[] = [];
  if (isHairpin) flags.push(encodeU8(IFLA_BRPORT.MODE, 1));
  if (isIsolated) flags.push(encodeU8(IFLA_BRPORT.ISOLATED, 1));
  const header = encodeLinkHeader({ index: port.index, family: AF.BRIDGE });
  const body = joinBytes(header, encodeNested(IFLA.PROTINFO, ...flags));
  socket.request({ type: RTM.SETLINK, body, object: `bridge port ${port.name}` });
}

/** Nothing is on for a link that is no port of a bridge. */
export function readPortFlags(socket: NetlinkSocket, port: LinkReference): PortFlags {
  const body = encodeLinkHeader({ index: port.index });
  const [reply] = socket.request({ type: RTM.GETLINK, body, object: `link ${port.name}` });
  const none = new Uint8Array();
  const info = reply === undefined ? none : indexAttributes(reply.body, IFINFO_BYTES).get(IFLA.LINKINFO);
  const data = indexAttributes(indexAttributes(info ?? none).get(IFLA_INFO.SLAVE_DATA) ?? none);
  const isOn = (type: number): boolean => data.get(type)?.[0] === 1;
  return { isHairpin: isOn(IFLA_BRPORT.MODE), isIsolated: isOn(IFLA_BRPORT.ISOLATED) };
}
