import {
  bindSocket,
  closeDescriptor,
  connectSocket,
  openSocket,
  SystemCallError,
  sendBytes,
  setSocketOption,
} from '#plugin/netlink/libc.ts';
import { AF, SOCK } from '#plugin/netlink/netlink-tables.ts';
import {
  ALL_NODES,
  type Announcement,
  encodeAdvertisement,
  encodeAnnouncement,
  ICMPV6,
} from './encode-announcement.ts';

type LinkReference = { readonly index: number; readonly name: string };

/** IPPROTO_IPV6 and IPV6_MULTICAST_HOPS, include/uapi/linux/in6.h; others are not believed. RFC 4861 section 7.1.2 */
const HOPS_255 = { level: 41, name: 18, value: 255 } as const;

/**
 * Tells everyone on the link which MAC an address has now: a pod that remembers the address' earlier owner is right at once.
 * A gratuitous ARP request or an unsolicited neighbour advertisement, sent on the node's side, where the ports are
 * forwarding while the new pod's may not yet. Only those who have an entry take note. RFC 5227 section 2.3, RFC 4861 section 7.2.6
 * @throws SystemCallError, EPERM without CAP_NET_RAW
 */
export function announceAddresses(link: LinkReference, announcements: readonly Announcement[]): void {
  const rest = announcements.filter(
    ({ address, mac }) => address.family === 'inet' || !advertise(link, { address, mac }),
  );
  if (rest.length === 0) return;
  const fd = openSocket(AF.PACKET, SOCK.RAW | SOCK.CLOEXEC, 0);
  try {
    bindSocket(fd, encodeLinkLayerAddress(link.index));
    for (const announcement of rest) sendBytes(fd, encodeAnnouncement(announcement));
  } finally {
    // The kernel waits for a grace period of RCU here: packet_release() of net/packet/af_packet.c
    closeDescriptor(fd);
  }
}

/** Without a packet socket, whose end takes 15 ms. @returns false where the link has no address that it could be sent from */
function advertise(link: LinkReference, announcement: Announcement): boolean {
  const fd = openSocket(AF.INET6, SOCK.RAW | SOCK.CLOEXEC, ICMPV6);
  try {
    setSocketOption(fd, HOPS_255);
    connectSocket(fd, encodeAllNodes(link.index));
    sendBytes(fd, encodeAdvertisement(announcement));
    return true;
  } catch (error) {
    if (error instanceof SystemCallError) return false;
    throw error;
  } finally {
    closeDescriptor(fd);
  }
}

/** `struct sockaddr_in6`, include/uapi/linux/in6.h, of ff02::1 on one link. */
function encodeAllNodes(linkIndex: number): Uint8Array {
  const bytes = new Uint8Array(28);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, AF.INET6, true);
  bytes.set(ALL_NODES, 8);
  view.setUint32(24, linkIndex, true);
  return bytes;
}

/** `struct sockaddr_ll`, include/uapi/linux/if_packet.h. Without a protocol the socket receives nothing. */
function encodeLinkLayerAddress(linkIndex: number): Uint8Array {
  const bytes = new Uint8Array(20);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, AF.PACKET, true);
  view.setInt32(4, linkIndex, true);
  return bytes;
}
