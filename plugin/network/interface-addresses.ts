import { encodeAttribute, encodeU32, indexAttributes, joinBytes, readU32 } from '#plugin/netlink/netlink-message.ts';
import { NetlinkError, type NetlinkSocket } from '#plugin/netlink/netlink-socket.ts';
import { AF, IFA, IFA_F, NLM_F, RTM } from '#plugin/netlink/netlink-tables.ts';
import {
  formatIpPrefix,
  type IpAddress,
  type IpPrefix,
  ipAddressBytes,
  ipAddressFromBytes,
  isSameAddress,
  lastAddress,
} from './ip-address.ts';

/** `struct ifaddrmsg`: family, prefix length, flags, scope, index. include/uapi/linux/if_addr.h */
const IFADDR_BYTES = 8;

type LinkReference = { readonly index: number; readonly name: string };

function encodeAddressHeader(linkIndex: number, prefix?: IpPrefix): Uint8Array {
  const header = new Uint8Array(IFADDR_BYTES);
  const view = new DataView(header.buffer);
  if (prefix !== undefined) {
    view.setUint8(0, prefix.address.family === 'inet' ? AF.INET : AF.INET6);
    view.setUint8(1, prefix.length);
  }
  view.setUint32(4, linkIndex, true);
  return header;
}

export type AddressOptions = {
  /** Asks the segment first whether the address is free (RFC 4862, section 5.4). It cannot be used for a second or two. */
  readonly hasDuplicateDetection?: boolean;
};

/** The shortest IPv4 subnet with a broadcast address is /30. RFC 3021 */
const LONGEST_WITH_BROADCAST = 30;

function encodeAddress(
  linkIndex: number,
  prefix: IpPrefix,
  { hasDuplicateDetection = false }: AddressOptions = {},
): Uint8Array {
  const bytes = ipAddressBytes(prefix.address);
  const isInet = prefix.address.family === 'inet';
  const attributes = [encodeAttribute(IFA.LOCAL, bytes), encodeAttribute(IFA.ADDRESS, bytes)];
  if (isInet && prefix.length <= LONGEST_WITH_BROADCAST)
    attributes.push(encodeAttribute(IFA.BROADCAST, ipAddressBytes(lastAddress(prefix))));
  // The address is ours alone by reservation: usable at once unless somebody wants to be sure of that.
  if (!isInet && !hasDuplicateDetection) attributes.push(encodeU32(IFA.FLAGS, IFA_F.NODAD));
  return joinBytes(encodeAddressHeader(linkIndex, prefix), ...attributes);
}

export type AddedAddress = AddressOptions & { readonly prefix: IpPrefix };

/** @throws NetlinkError EEXIST where the link has it already */
export function addAddress(socket: NetlinkSocket, link: LinkReference, { prefix, ...options }: AddedAddress): void {
  const object = `address ${formatIpPrefix(prefix)} on ${link.name}`;
  socket.request({
    type: RTM.NEWADDR,
    flags: NLM_F.CREATE | NLM_F.EXCL,
    body: encodeAddress(link.index, prefix, options),
    object,
  });
}

/** @returns whether it had to be added */
export function ensureAddress(socket: NetlinkSocket, link: LinkReference, prefix: IpPrefix): boolean {
  try {
    addAddress(socket, link, { prefix });
    return true;
  } catch (error) {
    if (error instanceof NetlinkError && error.code === 'EEXIST') return false;
    throw error;
  }
}

export function deleteAddress(socket: NetlinkSocket, link: LinkReference, prefix: IpPrefix): void {
  const object = `address ${formatIpPrefix(prefix)} on ${link.name}`;
  socket.request({ type: RTM.DELADDR, body: encodeAddress(link.index, prefix), object });
}

/** Every address of one link, IPv4 and IPv6, link-local ones included. */
export function listAddresses(socket: NetlinkSocket, link: LinkReference): readonly IpPrefix[] {
  const replies = socket.dump(RTM.GETADDR, encodeAddressHeader(link.index), `addresses of ${link.name}`);
  const prefixes: IpPrefix[] = [];
  for (const { body } of replies) {
    const attributes = indexAttributes(body, IFADDR_BYTES);
    const address = ipAddressFromBytes(attributes.get(IFA.LOCAL) ?? attributes.get(IFA.ADDRESS) ?? new Uint8Array());
    if (address !== undefined) prefixes.push({ address, length: body[1] ?? 0 });
  }
  return prefixes;
}

/** What became of asking the segment whether an address is free. */
export type DuplicateDetection = 'pending' | 'duplicate' | 'unique';

export function readDuplicateDetection(
  socket: NetlinkSocket,
  link: LinkReference,
  address: IpAddress,
): DuplicateDetection {
  for (const { body } of socket.dump(RTM.GETADDR, encodeAddressHeader(link.index), `addresses of ${link.name}`)) {
    const attributes = indexAttributes(body, IFADDR_BYTES);
    const present = ipAddressFromBytes(attributes.get(IFA.ADDRESS) ?? new Uint8Array());
    if (present === undefined || !isSameAddress(present, address)) continue;
    const flags = attributes.get(IFA.FLAGS);
    const bits = flags === undefined ? 0 : readU32(flags);
    if ((bits & IFA_F.DADFAILED) !== 0) return 'duplicate';
    return (bits & IFA_F.TENTATIVE) === 0 ? 'unique' : 'pending';
  }
  // The kernel removes a duplicate that would not be unique for ever.
  return 'duplicate';
}
