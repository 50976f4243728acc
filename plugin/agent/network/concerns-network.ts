import { indexAttributes, type NetlinkMessage, readI32 } from '#plugin/netlink/netlink-message.ts';
import { NETCONFA, RT_SCOPE, RTM, RTPROT } from '#plugin/netlink/netlink-tables.ts';

/** `struct netconfmsg` is one byte, padded. include/uapi/linux/netconf.h */
const NETCONFMSG_BYTES = 4;
const NETCONFA_IFINDEX_ALL = -1;

/**
 * Whether a notification of the kernel is worth a look at the node's network. A pod that comes or goes sends dozens, of its link, the
 * link-local address and the routes that the kernel makes of them: none of these concerns us.
 * @param links the links that mattered when the network was looked at last
 */
export function concernsNetwork(message: NetlinkMessage, links: ReadonlySet<number>): boolean {
  const { type, body } = message;
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  switch (type) {
    case RTM.NEWLINK:
    case RTM.DELLINK:
    case RTM.NEWNEIGH:
    case RTM.DELNEIGH:
      // ifinfomsg and ndmsg have the index in the same place.
      return body.byteLength < 8 || links.has(view.getInt32(4, true));
    case RTM.NEWADDR:
    case RTM.DELADDR:
      return (body[3] ?? 0) < RT_SCOPE.LINK;
    case RTM.NEWROUTE:
    case RTM.DELROUTE:
      return body[5] !== RTPROT.KERNEL;
    case RTM.NEWNETCONF:
    case RTM.DELNETCONF: {
      const index = indexAttributes(body, NETCONFMSG_BYTES).get(NETCONFA.IFINDEX);
      return index === undefined || readI32(index) === NETCONFA_IFINDEX_ALL;
    }
    default:
      return true;
  }
}
