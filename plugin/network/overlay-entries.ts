import { encodeAttribute, encodeU32, indexAttributes, joinBytes } from '#plugin/netlink/netlink-message.ts';
import { NetlinkError, type NetlinkSocket } from '#plugin/netlink/netlink-socket.ts';
import { AF, NDA, NLM_F, NTF, NUD, RTM } from '#plugin/netlink/netlink-tables.ts';
import { formatIpAddress, type IpAddress, ipAddressBytes, ipAddressFromBytes } from './ip-address.ts';
import { formatMacAddress, parseMacAddress } from './mac-address.ts';

type LinkReference = { readonly index: number; readonly name: string };

/**
 * A permanent entry of an overlay's link. Of the kind `neighbour`: who has this address on the overlay. Of the kind `fdb`: at which
 * node's address this MAC is found.
 */
export type OverlayEntry = {
  readonly kind: 'neighbour' | 'fdb';
  readonly mac: string;
  readonly address: IpAddress;
};

/** `struct ndmsg`: family, pad, index, state, flags, type. include/uapi/linux/neighbour.h */
const NDMSG_BYTES = 12;

function encodeHeader(family: number, linkIndex: number): Uint8Array {
  const header = new Uint8Array(NDMSG_BYTES);
  const view = new DataView(header.buffer);
  view.setUint8(0, family);
  view.setInt32(4, linkIndex, true);
  return header;
}

function encodeEntry(link: LinkReference, { kind, mac, address }: OverlayEntry): Uint8Array {
  const family = kind === 'fdb' ? AF.BRIDGE : address.family === 'inet' ? AF.INET : AF.INET6;
  const header = encodeHeader(family, link.index);
  const view = new DataView(header.buffer);
  view.setUint16(8, NUD.PERMANENT, true);
  // The link's own table, and not that of a bridge it were a port of.
  if (kind === 'fdb') view.setUint8(10, NTF.SELF);
  return joinBytes(
    header,
    encodeAttribute(NDA.DST, ipAddressBytes(address)),
    encodeAttribute(NDA.LLADDR, parseMacAddress(mac) ?? new Uint8Array()),
  );
}

const describeEntry = ({ kind, mac, address }: OverlayEntry, link: LinkReference): string =>
  `${kind} ${formatIpAddress(address)} ${mac} on ${link.name}`;

/** The last one for a neighbour's address, or for a MAC in the fdb, counts. */
export function replaceEntry(socket: NetlinkSocket, link: LinkReference, entry: OverlayEntry): void {
  const body = encodeEntry(link, entry);
  const object = describeEntry(entry, link);
  socket.request({ type: RTM.NEWNEIGH, flags: NLM_F.CREATE | NLM_F.REPLACE, body, object });
}

/** @returns whether it was there */
export function deleteEntry(socket: NetlinkSocket, link: LinkReference, entry: OverlayEntry): boolean {
  try {
    socket.request({ type: RTM.DELNEIGH, body: encodeEntry(link, entry), object: describeEntry(entry, link) });
    return true;
  } catch (error) {
    if (error instanceof NetlinkError && error.code === 'ENOENT') return false;
    throw error;
  }
}

/** The permanent entries of one link in all three tables. */
export function listEntries(socket: NetlinkSocket, link: LinkReference): readonly OverlayEntry[] {
  const neighbours = [AF.INET, AF.INET6].flatMap((family) =>
    dump(socket, link, {
      kind: 'neighbour',
      body: joinBytes(encodeHeader(family, 0), encodeU32(NDA.IFINDEX, link.index)),
    }),
  );
  return [...neighbours, ...dump(socket, link, { kind: 'fdb', body: encodeHeader(AF.BRIDGE, link.index) })];
}

function dump(
  socket: NetlinkSocket,
  link: LinkReference,
  { kind, body }: { readonly kind: OverlayEntry['kind']; readonly body: Uint8Array },
): readonly OverlayEntry[] {
  return socket.dump(RTM.GETNEIGH, body, `${kind} table of ${link.name}`).flatMap((message) => {
    const view = new DataView(message.body.buffer, message.body.byteOffset, message.body.byteLength);
    if (view.getInt32(4, true) !== link.index || (view.getUint16(8, true) & NUD.PERMANENT) === 0) return [];
    const attributes = indexAttributes(message.body, NDMSG_BYTES);
    const address = ipAddressFromBytes(attributes.get(NDA.DST) ?? new Uint8Array());
    const mac = attributes.get(NDA.LLADDR);
    return address === undefined || mac === undefined ? [] : [{ kind, mac: formatMacAddress(mac), address }];
  });
}
