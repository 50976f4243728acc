import { encodeU32, indexAttributes, joinBytes, readI32 } from './netlink-message.ts';
import type { NetlinkSocket } from './netlink-socket.ts';
import { RTM } from './netlink-tables.ts';

/** include/uapi/linux/net_namespace.h */
export const NETNSA = { NSID: 1, FD: 3 } as const;
const notAssigned = -1;

/** struct rtgenmsg, padded. */
const generalHeaderBytes = 4;

/**
 * Asks which number the socket's namespace gives to another one (RTM_GETNSID). IFLA_LINK_NETNSID and the notifications
 * of NETLINK_LISTEN_ALL_NSID speak of other namespaces by this number only.
 * @returns `undefined` where the socket's namespace has no number for it: no link leads there
 */
export function readLocalNetnsId(socket: NetlinkSocket, namespaceFd: number): number | undefined {
  const body = joinBytes(new Uint8Array(generalHeaderBytes), encodeU32(NETNSA.FD, namespaceFd));
  const [answer] = socket.request({ type: RTM.GETNSID, body, object: `namespace number of fd ${namespaceFd}` });
  if (answer === undefined) return undefined;
  const value = indexAttributes(answer.body, generalHeaderBytes).get(NETNSA.NSID);
  const number = value === undefined ? notAssigned : readI32(value);
  return number === notAssigned ? undefined : number;
}

/** The number that an RTM_NEWNSID or RTM_DELNSID speaks of. */
export function readNsidNotice(body: Uint8Array): number | undefined {
  const value = indexAttributes(body, generalHeaderBytes).get(NETNSA.NSID);
  return value === undefined ? undefined : readI32(value);
}
