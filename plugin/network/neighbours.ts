import { encodeAttribute, joinBytes } from '#plugin/netlink/netlink-message.ts';
import { NetlinkError, type NetlinkSocket } from '#plugin/netlink/netlink-socket.ts';
import { AF, NDA, NLM_F, NUD, RTM } from '#plugin/netlink/netlink-tables.ts';
import { formatIpAddress, type IpAddress, ipAddressBytes } from './ip-address.ts';

type LinkReference = { readonly index: number; readonly name: string };

/** `struct ndmsg`: family, pad, index, state, flags, type. include/uapi/linux/neighbour.h */
function encodeNeighbourHeader(address: IpAddress, linkIndex: number, state: number): Uint8Array {
  const header = new Uint8Array(12);
  const view = new DataView(header.buffer);
  view.setUint8(0, address.family === 'inet' ? AF.INET : AF.INET6);
  view.setInt32(4, linkIndex, true);
  view.setUint16(8, state, true);
  return header;
}

/** Writes what ARP would find out: an entry that an earlier owner of the address left is right at once. */
export function replaceNeighbour(
  socket: NetlinkSocket,
  link: LinkReference,
  { address, mac }: { readonly address: IpAddress; readonly mac: Uint8Array },
): void {
  const body = joinBytes(
    encodeNeighbourHeader(address, link.index, NUD.STALE),
    encodeAttribute(NDA.DST, ipAddressBytes(address)),
    encodeAttribute(NDA.LLADDR, mac),
  );
  const object = `neighbour ${formatIpAddress(address)} on ${link.name}`;
  socket.request({ type: RTM.NEWNEIGH, flags: NLM_F.CREATE | NLM_F.REPLACE, body, object });
}

/** @returns whether there was one */
export function removeNeighbour(socket: NetlinkSocket, link: LinkReference, address: IpAddress): boolean {
  const body = joinBytes(
    encodeNeighbourHeader(address, link.index, 0),
    encodeAttribute(NDA.DST, ipAddressBytes(address)),
  );
  try {
    socket.request({ type: RTM.DELNEIGH, body, object: `neighbour ${formatIpAddress(address)} on ${link.name}` });
    return true;
  } catch (error) {
    if (error instanceof NetlinkError && error.code === 'ENOENT') return false;
    throw error;
  }
}
