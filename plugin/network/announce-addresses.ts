import { bindSocket, closeDescriptor, openSocket, sendBytes } from '#plugin/netlink/libc.ts';
import { AF, SOCK } from '#plugin/netlink/netlink-tables.ts';
import { type Announcement, encodeAnnouncement } from './encode-announcement.ts';

/**
 * Tells everyone on the link which MAC an address has now: a pod that remembers the address' earlier owner is right at once.
 * A gratuitous ARP request or an unsolicited neighbour advertisement, sent on the node's side, where the ports are
 * forwarding while the new pod's may not yet. Only those who have an entry take note. RFC 5227 section 2.3, RFC 4861 section 7.2.6
 * @throws SystemCallError, EPERM without CAP_NET_RAW
 */
export function announceAddresses(
  link: { readonly index: number; readonly name: string },
  announcements: readonly Announcement[],
): void {
  const fd = openSocket(AF.PACKET, SOCK.RAW | SOCK.CLOEXEC, 0);
  try {
    bindSocket(fd, encodeLinkLayerAddress(link.index));
    for (const announcement of announcements) sendBytes(fd, encodeAnnouncement(announcement));
  } finally {
    closeDescriptor(fd);
  }
}

/** `struct sockaddr_ll`, include/uapi/linux/if_packet.h. Without a protocol the socket receives nothing. */
function encodeLinkLayerAddress(linkIndex: number): Uint8Array {
  const bytes = new Uint8Array(20);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, AF.PACKET, true);
  view.setInt32(4, linkIndex, true);
  return bytes;
}
