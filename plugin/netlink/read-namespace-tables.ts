import type { Address, FdbEntry, Neighbour, PolicyRule, Route } from '#model/kernel/kernel-snapshot.ts';
import { decodeAddress } from './decode-address.ts';
import { type DecodedLink, decodeLink } from './decode-link.ts';
import { decodeFdbEntry, decodeNeighbour } from './decode-neighbour.ts';
import { decodePolicyRule } from './decode-policy-rule.ts';
import { decodeRoute } from './decode-route.ts';
import { encodeU32, joinBytes } from './netlink-message.ts';
import type { NetlinkSocket } from './netlink-socket.ts';
import { AF, IFLA, RTM } from './netlink-tables.ts';

/** Everything rtnetlink tells about one namespace, each table consistent in itself. */
export interface NamespaceTables {
  readonly links: readonly DecodedLink[];
  readonly addresses: readonly Address[];
  readonly routes: readonly Route[];
  readonly rules: readonly PolicyRule[];
  readonly neighbours: readonly Neighbour[];
  readonly fdb: readonly FdbEntry[];
}

/** Leaves the counters out of the links. include/uapi/linux/rtnetlink.h */
const RTEXT_FILTER_SKIP_STATS = 8;

/**
 * Dumps every table of the namespace that the socket belongs to. The family is left open (AF_UNSPEC), so that each
 * family the kernel knows answers once: asked for IPv6 by name, a kernel without it answers with the IPv4 table.
 * @throws NetlinkError where the kernel refuses a dump
 */
export function readNamespaceTables(socket: NetlinkSocket): NamespaceTables {
  const read = <T>(type: number, header: Uint8Array, decode: (body: Uint8Array) => T | undefined): T[] =>
    socket.dump(type, header).flatMap(({ body }) => {
      const record = decode(body);
      return record === undefined ? [] : [record];
    });
  const linkRequest = joinBytes(new Uint8Array(16), encodeU32(IFLA.EXT_MASK, RTEXT_FILTER_SKIP_STATS));
  const bridgeHeader = new Uint8Array(12);
  bridgeHeader[0] = AF.BRIDGE;
  return {
    links: read(RTM.GETLINK, linkRequest, decodeLink),
    addresses: read(RTM.GETADDR, new Uint8Array(8), decodeAddress),
    routes: read(RTM.GETROUTE, new Uint8Array(12), decodeRoute),
    rules: read(RTM.GETRULE, new Uint8Array(12), decodePolicyRule),
    neighbours: read(RTM.GETNEIGH, new Uint8Array(12), decodeNeighbour),
    fdb: read(RTM.GETNEIGH, bridgeHeader, decodeFdbEntry),
  };
}
