import { encodeString, joinBytes } from '#plugin/netlink/netlink-message.ts';
import { NetlinkError, type NetlinkSocket } from '#plugin/netlink/netlink-socket.ts';
import { IFLA, RTM } from '#plugin/netlink/netlink-tables.ts';
import { decodeLinkFacts, encodeLinkHeader, type LinkFacts } from './link-message.ts';

/** @returns undefined where no link has this name in the socket's namespace */
export function findLink(socket: NetlinkSocket, name: string): LinkFacts | undefined {
  const body = joinBytes(encodeLinkHeader({}), encodeString(IFLA.IFNAME, name));
  try {
    const [reply] = socket.request({ type: RTM.GETLINK, body, object: `link ${name}` });
    return reply === undefined ? undefined : decodeLinkFacts(reply.body);
  } catch (error) {
    if (error instanceof NetlinkError && error.code === 'ENODEV') return undefined;
    throw error;
  }
}
