import { indexAttributes, readString, readU32 } from '#plugin/netlink/netlink-message.ts';
import { IFLA, IFLA_INFO } from '#plugin/netlink/netlink-tables.ts';
import { formatMacAddress } from './mac-address.ts';

/** The fields of a link that wiring a pod depends on; the agent keeps a fuller record of its own. */
export type LinkFacts = {
  readonly index: number;
  readonly name: string;
  readonly kind: string | undefined;
  readonly mac: string | undefined;
  readonly mtuBytes: number;
  /** IFF_* bits */
  readonly flags: number;
  readonly masterIndex: number | undefined;
  /** IFLA_GROUP: 0 is the default one. */
  readonly group: number;
  /** IFLA_LINK: for a veth the index of its peer, in the peer's namespace. */
  readonly peerIndex: number | undefined;
};

/** `struct ifinfomsg`: family, type, index, flags, change. include/uapi/linux/rtnetlink.h */
export const IFINFO_BYTES = 16;

export type LinkHeader = {
  readonly index?: number;
  readonly flags?: number;
  readonly change?: number;
  readonly family?: number;
};

export function encodeLinkHeader({ index = 0, flags = 0, change = 0, family = 0 }: LinkHeader): Uint8Array {
  const header = new Uint8Array(IFINFO_BYTES);
  const view = new DataView(header.buffer);
  view.setUint8(0, family);
  view.setInt32(4, index, true);
  view.setUint32(8, flags, true);
  view.setUint32(12, change, true);
  return header;
}

/** @param body of an RTM_NEWLINK message */
export function decodeLinkFacts(body: Uint8Array): LinkFacts {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const attributes = indexAttributes(body, IFINFO_BYTES);
  const number = (type: number): number | undefined => {
    const value = attributes.get(type);
    return value === undefined ? undefined : readU32(value);
  };
  const info = attributes.get(IFLA.LINKINFO);
  const kind = info === undefined ? undefined : indexAttributes(info).get(IFLA_INFO.KIND);
  const mac = attributes.get(IFLA.ADDRESS);
  return {
    index: view.getInt32(4, true),
    name: readString(attributes.get(IFLA.IFNAME) ?? new Uint8Array()),
    kind: kind === undefined ? undefined : readString(kind),
    mac: mac === undefined || mac.byteLength === 0 ? undefined : formatMacAddress(mac),
    mtuBytes: number(IFLA.MTU) ?? 0,
    flags: view.getUint32(8, true),
    masterIndex: number(IFLA.MASTER),
    group: number(IFLA.GROUP) ?? 0,
    peerIndex: number(IFLA.LINK),
  };
}
