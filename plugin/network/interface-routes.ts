import {
  encodeAttribute,
  encodeNested,
  encodeU32,
  indexAttributes,
  joinBytes,
  type NetlinkMessage,
  readU32,
} from '#plugin/netlink/netlink-message.ts';
import { NetlinkError, type NetlinkSocket } from '#plugin/netlink/netlink-socket.ts';
import { AF, NLM_F, RT_SCOPE, RT_TABLE, RTA, RTAX, RTM, RTN, RTPROT } from '#plugin/netlink/netlink-tables.ts';
import {
  type AddressFamily,
  addressBits,
  formatIpAddress,
  formatIpPrefix,
  type IpAddress,
  type IpPrefix,
  ipAddressBytes,
  ipAddressFromBytes,
  isSameAddress,
} from './ip-address.ts';

export type InterfaceRoute = {
  readonly destination: IpPrefix;
  readonly gateway: IpAddress | undefined;
  /** RTAX_MTU */
  readonly mtuBytes?: number | undefined;
  /** RTAX_ADVMSS: the segment size that TCP announces. */
  readonly advmssBytes?: number | undefined;
  /** RTA_PRIORITY, `metric` in `ip route`; the kernel's own choice where absent. */
  readonly priority?: number | undefined;
  /** RTA_TABLE, the main one where absent. */
  readonly table?: number | undefined;
  /** RT_SCOPE_*; universe through a gateway and link without one where absent. */
  readonly scope?: number | undefined;
  /** RTNH_F_ONLINK: the gateway is taken for a neighbour on the link, whatever the addresses say. */
  readonly isOnLink?: boolean | undefined;
};

export type LinkReference = { readonly index: number; readonly name: string };

/** `struct rtmsg`. include/uapi/linux/rtnetlink.h */
export const RTMSG_BYTES = 12;

/** include/uapi/linux/rtnetlink.h */
export const RTNH_F_ONLINK = 4;

export const familyNumber = (family: AddressFamily): number => (family === 'inet' ? AF.INET : AF.INET6);

/** 0.0.0.0/0 or ::/0 */
export function defaultDestination(family: AddressFamily): IpPrefix {
  return { address: { family, value: 0n }, length: 0 };
}

/** As `ip route` takes it: `default` or a prefix. */
export function formatDestination(destination: IpPrefix): string {
  return destination.length === 0 ? 'default' : formatIpPrefix(destination);
}

/** The kernel's own choice where none is asked for: a destination on the link itself, or behind a gateway. */
const scopeOf = ({ scope, gateway }: InterfaceRoute): number =>
  scope ?? (gateway === undefined ? RT_SCOPE.LINK : RT_SCOPE.UNIVERSE);

/** As `ip route` takes it, without the family and the link. */
export function describeRoute(route: InterfaceRoute): string {
  const { destination, gateway, table, priority, scope, mtuBytes, advmssBytes } = route;
  const words = [formatDestination(destination)];
  if (gateway !== undefined) words.push('via', formatIpAddress(gateway));
  if (table !== undefined) words.push('table', String(table));
  if (priority !== undefined) words.push('metric', String(priority));
  if (scope !== undefined) words.push('scope', String(scope));
  if (mtuBytes !== undefined) words.push('mtu', String(mtuBytes));
  if (advmssBytes !== undefined) words.push('advmss', String(advmssBytes));
  return words.join(' ');
}

/** @throws NetlinkError EEXIST where the route is there, ENETUNREACH where the gateway is not on the link */
export function addRoute(socket: NetlinkSocket, link: LinkReference, route: InterfaceRoute): void {
  const object = `route ${describeRoute(route)} on ${link.name}`;
  socket.request({ type: RTM.NEWROUTE, flags: NLM_F.CREATE | NLM_F.EXCL, body: encodeRoute(link, route), object });
}

/** The body of RTM_NEWROUTE for a route of ours. */
export function encodeRoute(link: LinkReference, route: InterfaceRoute): Uint8Array {
  const { destination, gateway, table = RT_TABLE.MAIN, priority } = route;
  const header = new Uint8Array([
    familyNumber(destination.address.family),
    destination.length,
    0,
    0,
    // The header has a byte for it; larger numbers are in the attribute alone.
    table > RT_TABLE.LOCAL ? RT_TABLE.UNSPEC : table,
    RTPROT.PODWIRE,
    scopeOf(route),
    RTN.UNICAST,
    // Flags, little-endian.
    ...[route.isOnLink === true ? RTNH_F_ONLINK : 0, 0, 0, 0],
  ]);
  return joinBytes(
    header,
    ...(destination.length === 0 ? [] : [encodeAttribute(RTA.DST, ipAddressBytes(destination.address))]),
    encodeU32(RTA.OIF, link.index),
    ...(gateway === undefined ? [] : [encodeAttribute(RTA.GATEWAY, ipAddressBytes(gateway))]),
    ...(table > RT_TABLE.LOCAL ? [encodeU32(RTA.TABLE, table)] : []),
    ...(priority === undefined ? [] : [encodeU32(RTA.PRIORITY, priority)]),
    ...encodeMetrics(route),
  );
}

function encodeMetrics({ mtuBytes, advmssBytes }: InterfaceRoute): readonly Uint8Array[] {
  if (mtuBytes === undefined && advmssBytes === undefined) return [];
  const metrics: Uint8Array[] = [];
  if (mtuBytes !== undefined) metrics.push(encodeU32(RTAX.MTU, mtuBytes));
  if (advmssBytes !== undefined) metrics.push(encodeU32(RTAX.ADVMSS, advmssBytes));
  return [encodeNested(RTA.METRICS, ...metrics)];
}

/** Unicast routes of one table that leave through the link, with every detail that {@link addRoute} can set. */
export function listRoutes(
  socket: NetlinkSocket,
  link: LinkReference,
  table: number = RT_TABLE.MAIN,
): readonly InterfaceRoute[] {
  const routes: InterfaceRoute[] = [];
  for (const family of ['inet', 'inet6'] as const) {
    for (const { body } of dumpRoutes(socket, link, { family, table })) {
      const route = decodeRoute(body, family);
      if (route?.table === table) routes.push(route);
    }
  }
  return routes;
}

function dumpRoutes(
  socket: NetlinkSocket,
  link: LinkReference,
  { family, table }: { readonly family: AddressFamily; readonly table: number },
): readonly NetlinkMessage[] {
  const header = new Uint8Array(RTMSG_BYTES);
  header[0] = familyNumber(family);
  header[7] = RTN.UNICAST;
  const body = joinBytes(header, encodeU32(RTA.TABLE, table), encodeU32(RTA.OIF, link.index));
  try {
    return socket.dump(RTM.GETROUTE, body, `routes of ${link.name}`);
  } catch (error) {
    // A table that nobody wrote to does not exist.
    if (error instanceof NetlinkError && error.code === 'ENOENT') return [];
    throw error;
  }
}

function decodeRoute(body: Uint8Array, family: AddressFamily): InterfaceRoute | undefined {
  const attributes = indexAttributes(body, RTMSG_BYTES);
  const address = ipAddressFromBytes(attributes.get(RTA.DST) ?? new Uint8Array(addressBits(family) / 8));
  if (address === undefined) return undefined;
  const gateway = attributes.get(RTA.GATEWAY);
  const metrics = indexAttributes(attributes.get(RTA.METRICS) ?? new Uint8Array());
  const numberOf = (value: Uint8Array | undefined): number | undefined => value && readU32(value);
  return {
    destination: { address, length: body[1] ?? 0 },
    gateway: gateway && ipAddressFromBytes(gateway),
    table: numberOf(attributes.get(RTA.TABLE)) ?? body[4] ?? RT_TABLE.MAIN,
    priority: numberOf(attributes.get(RTA.PRIORITY)),
    scope: body[6],
    mtuBytes: numberOf(metrics.get(RTAX.MTU)),
    advmssBytes: numberOf(metrics.get(RTAX.ADVMSS)),
  };
}

export function isSameDestination(one: InterfaceRoute, other: InterfaceRoute): boolean {
  const { destination } = other;
  return one.destination.length === destination.length && isSameAddress(one.destination.address, destination.address);
}

/**
 * Whether the kernel's route is the one asked for, in all that was asked for: the kernel fills the rest in.
 * IPv6 routes have no scope.
 */
export function isRouteAsAsked(present: InterfaceRoute, asked: InterfaceRoute): boolean {
  if (!isSameDestination(present, asked)) return false;
  const { gateway } = asked;
  if (gateway !== undefined && !(present.gateway && isSameAddress(present.gateway, gateway))) return false;
  const keys = ['mtuBytes', 'advmssBytes', 'priority'] as const;
  if (keys.some((key) => asked[key] !== undefined && asked[key] !== present[key])) return false;
  return asked.scope === undefined || asked.destination.address.family === 'inet6' || asked.scope === present.scope;
}
