import { encodeString, joinBytes } from '#plugin/netlink/netlink-message.ts';
import { NetlinkError, type NetlinkSocket } from '#plugin/netlink/netlink-socket.ts';
import { IFLA, RTM } from '#plugin/netlink/netlink-tables.ts';
import { decodeLinkFacts, encodeLinkHeader, type LinkFacts } from './link-message.ts';

/** @returns undefined where no link has this name in the socket's namespace */
export function findLink(socket: NetlinkSocket, name: string): LinkFacts | undefined {
  return requestLink(socket, joinBytes(encodeLinkHeader({}), encodeString(IFLA.IFNAME, name)), `link ${name}`);
}

/** @returns undefined where no link has this index in the socket's namespace */
export function findLinkByIndex(socket: NetlinkSocket, index: number): LinkFacts | undefined {
  return requestLink(socket, encodeLinkHeader({ index }), `link of index ${index}`);
}

function requestLink(socket: NetlinkSocket, body: Uint8Array, object: string): LinkFacts | undefined {
  try {
    const [reply] = socket.request({ type: RTM.GETLINK, body, object });
    return reply === undefined ? undefined : decodeLinkFacts(reply.body);
  } catch (error) {
    if (error instanceof NetlinkError && error.code === 'ENODEV') return undefined;
    throw error;
  }
}
