import {
  encodeAttribute,
  encodeNested,
  encodeString,
  encodeU8,
  encodeU32,
  indexAttributes,
  joinBytes,
  readU32,
} from '#plugin/netlink/netlink-message.ts';
import { NetlinkError, type NetlinkSocket } from '#plugin/netlink/netlink-socket.ts';
import { IFF, IFLA, IFLA_INFO, IFLA_VXLAN, NLM_F, RTM } from '#plugin/netlink/netlink-tables.ts';
import { type IpAddress, ipAddressBytes, ipAddressFromBytes } from './ip-address.ts';
import { decodeLinkFacts, encodeLinkHeader, IFINFO_BYTES, type LinkFacts } from './link-message.ts';
import { parseMacAddress } from './mac-address.ts';

/** A VXLAN link that learns nothing: where a MAC is, its fdb entries say. */
export type VxlanLink = {
  readonly name: string;
  readonly mac: string;
  readonly mtuBytes: number;
  readonly id: number;
  readonly port: number;
  readonly local: IpAddress;
};

/** `vxlan` is undefined for a link of another kind. */
export type VxlanFacts = LinkFacts & {
  readonly vxlan:
    | {
        readonly id: number;
        readonly port: number;
        readonly local: IpAddress | undefined;
        readonly isLearning: boolean;
      }
    | undefined;
};

/** Makes the link, up at once. @throws NetlinkError EEXIST where the name, or the id on that port, is taken */
export function createVxlanLink(socket: NetlinkSocket, link: VxlanLink): void {
  const { name, mac, mtuBytes, id, port, local } = link;
  const data = [
    encodeU32(IFLA_VXLAN.ID, id),
    encodeAttribute(local.family === 'inet' ? IFLA_VXLAN.LOCAL : IFLA_VXLAN.LOCAL6, ipAddressBytes(local)),
    encodeU8(IFLA_VXLAN.LEARNING, 0),
    encodeAttribute(IFLA_VXLAN.PORT, new Uint8Array([port >> 8, port & 0xff])),
  ];
  const body = joinBytes(
    encodeLinkHeader({ flags: IFF.UP, change: IFF.UP }),
    encodeString(IFLA.IFNAME, name),
    encodeAttribute(IFLA.ADDRESS, parseMacAddress(mac) ?? new Uint8Array()),
    encodeU32(IFLA.MTU, mtuBytes),
    encodeNested(IFLA.LINKINFO, encodeString(IFLA_INFO.KIND, 'vxlan'), encodeNested(IFLA_INFO.DATA, ...data)),
  );
  socket.request({ type: RTM.NEWLINK, flags: NLM_F.CREATE | NLM_F.EXCL, body, object: `VXLAN link ${name}` });
}

/** What can be changed while the link is in use. */
export function adjustLink(
  socket: NetlinkSocket,
  link: { readonly index: number; readonly name: string },
  mtuBytes: number,
): void {
  const header = encodeLinkHeader({ index: link.index, flags: IFF.UP, change: IFF.UP });
  const body = joinBytes(header, encodeU32(IFLA.MTU, mtuBytes));
  socket.request({ type: RTM.SETLINK, body, object: `MTU of ${link.name}` });
}

/** @returns undefined where no link has this name */
export function findVxlanLink(socket: NetlinkSocket, name: string): VxlanFacts | undefined {
  const body = joinBytes(encodeLinkHeader({}), encodeString(IFLA.IFNAME, name));
  try {
    const [reply] = socket.request({ type: RTM.GETLINK, body, object: `link ${name}` });
    return reply === undefined ? undefined : decodeVxlanFacts(reply.body);
  } catch (error) {
    if (error instanceof NetlinkError && error.code === 'ENODEV') return undefined;
    throw error;
  }
}

function decodeVxlanFacts(body: Uint8Array): VxlanFacts {
  const facts = decodeLinkFacts(body);
  const info = indexAttributes(body, IFINFO_BYTES).get(IFLA.LINKINFO);
  const bytes = info === undefined ? undefined : indexAttributes(info).get(IFLA_INFO.DATA);
  if (facts.kind !== 'vxlan' || bytes === undefined) return { ...facts, vxlan: undefined };
  const data = indexAttributes(bytes);
  const id = data.get(IFLA_VXLAN.ID);
  const port = data.get(IFLA_VXLAN.PORT) ?? new Uint8Array(2);
  const local = data.get(IFLA_VXLAN.LOCAL) ?? data.get(IFLA_VXLAN.LOCAL6);
  return {
    ...facts,
    vxlan: {
      id: id === undefined ? 0 : readU32(id),
      port: ((port[0] ?? 0) << 8) | (port[1] ?? 0),
      local: local && ipAddressFromBytes(local),
      isLearning: data.get(IFLA_VXLAN.LEARNING)?.[0] === 1,
    },
  };
}
