import { encodeU32, joinBytes } from './netlink-message.ts';
import type { NetlinkSocket } from './netlink-socket.ts';
import { RTM } from './netlink-tables.ts';
import { NETNSA, readLocalNetnsId } from './read-local-netns-id.ts';

/** struct rtgenmsg, padded. */
const generalHeaderBytes = 4;
/** The kernel chooses. */
const anyNumber = 0xffffffff;

/**
 * Has the socket's namespace give a number to another one (`ip netns set … auto`). The number keeps nothing alive and goes
 * with the namespace.
 * @throws NetlinkError, EEXIST where it has one, EPERM where that is not ours to do
 */
export function assignLocalNetnsId(socket: NetlinkSocket, namespaceFd: number): number | undefined {
  const attributes = [encodeU32(NETNSA.NSID, anyNumber), encodeU32(NETNSA.FD, namespaceFd)];
  const body = joinBytes(new Uint8Array(generalHeaderBytes), ...attributes);
  socket.request({ type: RTM.NEWNSID, body, object: `namespace number for fd ${namespaceFd}` });
  return readLocalNetnsId(socket, namespaceFd);
}
