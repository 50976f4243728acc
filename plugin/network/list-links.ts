import { encodeU32, joinBytes } from '#plugin/netlink/netlink-message.ts';
import type { NetlinkSocket } from '#plugin/netlink/netlink-socket.ts';
import { IFLA, RTM } from '#plugin/netlink/netlink-tables.ts';
import { decodeLinkFacts, encodeLinkHeader, type LinkFacts } from './link-message.ts';

/** RTEXT_FILTER_SKIP_STATS: counters are most of a link's message. include/uapi/linux/rtnetlink.h */
const SKIP_STATS = 1 << 3;

/** Every link of the socket's namespace. */
export function listLinks(socket: NetlinkSocket): readonly LinkFacts[] {
  const body = joinBytes(encodeLinkHeader({}), encodeU32(IFLA.EXT_MASK, SKIP_STATS));
  return socket.dump(RTM.GETLINK, body, 'list of links').map((message) => decodeLinkFacts(message.body));
}
