import { encodeAttribute, encodeU32, indexAttributes, joinBytes, readU32 } from '#plugin/netlink/netlink-message.ts';
import { NetlinkError, type NetlinkSocket } from '#plugin/netlink/netlink-socket.ts';
import { NLM_F, RT_SCOPE, RT_TABLE, RTA, RTM, RTPROT } from '#plugin/netlink/netlink-tables.ts';
import {
  describeRoute,
  encodeRoute,
  familyNumber,
  type InterfaceRoute,
  type LinkReference,
  RTMSG_BYTES,
  RTNH_F_ONLINK,
} from './interface-routes.ts';
import {
  type AddressFamily,
  addressBits,
  type IpAddress,
  type IpPrefix,
  ipAddressBytes,
  ipAddressFromBytes,
} from './ip-address.ts';

/** Any route of the node's main table, of whatever owner. */
export type NodeRoute = {
  readonly destination: IpPrefix;
  /** Undefined for a destination on a link, and for several next hops. */
  readonly gateway: IpAddress | undefined;
  readonly linkIndex: number | undefined;
  /** RTPROT_*: who made it. */
  readonly protocol: number;
  /** RTN_* */
  readonly type: number;
  /** RTA_PRIORITY; the lowest of one destination is taken. */
  readonly priority: number;
  readonly isOnLink: boolean;
};

/** The priority of a route made without one: IP6_RT_PRIO_USER, include/uapi/linux/ipv6_route.h. */
export const DEFAULT_PRIORITY: Readonly<Record<AddressFamily, number>> = { inet: 0, inet6: 1024 };

export const isOurRoute = ({ protocol }: NodeRoute): boolean => protocol === RTPROT.PODWIRE;

/** The main table in both families. */
export function listNodeRoutes(socket: NetlinkSocket): readonly NodeRoute[] {
  return (['inet', 'inet6'] as const).flatMap((family) => {
    const header = new Uint8Array(RTMSG_BYTES);
    header[0] = familyNumber(family);
    const body = joinBytes(header, encodeU32(RTA.TABLE, RT_TABLE.MAIN));
    return dumpTable(socket, body).map((message) => decodeNodeRoute(message.body, family));
  });
}

function dumpTable(socket: NetlinkSocket, body: Uint8Array): ReturnType<NetlinkSocket['dump']> {
  try {
    return socket.dump(RTM.GETROUTE, body, 'routes of the main table');
  } catch (error) {
    // A table that nobody wrote to does not exist; a kernel without IPv6 has no such family.
    if (error instanceof NetlinkError && (error.code === 'ENOENT' || error.code === 'EOPNOTSUPP')) return [];
    throw error;
  }
}

function decodeNodeRoute(body: Uint8Array, family: AddressFamily): NodeRoute {
  const attributes = indexAttributes(body, RTMSG_BYTES);
  const address = ipAddressFromBytes(attributes.get(RTA.DST) ?? new Uint8Array(addressBits(family) / 8));
  const gateway = attributes.get(RTA.GATEWAY);
  const numberOf = (value: Uint8Array | undefined): number | undefined => value && readU32(value);
  return {
    destination: { address: address ?? { family, value: 0n }, length: body[1] ?? 0 },
    gateway: gateway && ipAddressFromBytes(gateway),
    linkIndex: numberOf(attributes.get(RTA.OIF)),
    protocol: body[5] ?? 0,
    type: body[7] ?? 0,
    priority: numberOf(attributes.get(RTA.PRIORITY)) ?? 0,
    isOnLink: ((body[8] ?? 0) & RTNH_F_ONLINK) !== 0,
  };
}

/** Puts a route of ours in the place of another of ours with the same destination and priority, without a gap. */
export function replaceRoute(socket: NetlinkSocket, link: LinkReference, route: InterfaceRoute): void {
  const object = `route ${describeRoute(route)} on ${link.name}`;
  const body = encodeRoute(link, route);
  socket.request({ type: RTM.NEWROUTE, flags: NLM_F.CREATE | NLM_F.REPLACE, body, object });
}

/** Deletes exactly this route of ours and no other. @returns whether it was there */
export function deleteNodeRoute(socket: NetlinkSocket, route: NodeRoute): boolean {
  const { destination, gateway, linkIndex, type, priority } = route;
  const header = new Uint8Array([
    ...[familyNumber(destination.address.family), destination.length, 0, 0],
    ...[RT_TABLE.MAIN, RTPROT.PODWIRE, RT_SCOPE.NOWHERE, type, 0, 0, 0, 0],
  ]);
  const body = joinBytes(
    header,
    encodeAttribute(RTA.DST, ipAddressBytes(destination.address)),
    encodeU32(RTA.PRIORITY, priority),
    ...(linkIndex === undefined ? [] : [encodeU32(RTA.OIF, linkIndex)]),
    ...(gateway === undefined ? [] : [encodeAttribute(RTA.GATEWAY, ipAddressBytes(gateway))]),
  );
  try {
    socket.request({ type: RTM.DELROUTE, body, object: `route ${describeRoute({ destination, gateway })}` });
    return true;
  } catch (error) {
    if (error instanceof NetlinkError && error.code === 'ESRCH') return false;
    throw error;
  }
}
