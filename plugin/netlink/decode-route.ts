import type { Route, RouteEncap } from '#model/kernel/kernel-snapshot.ts';
import { nameFamily, nameScope } from './decode-address.ts';
import {
  type AttributeTable,
  type DecodedAttributes,
  describeAttributes,
  formatHex,
  nameFlags,
  nestedOf,
  numberOf,
  optional,
  textOf,
  viewOf,
} from './decode-attributes.ts';
import { formatIpAddress } from './decode-ip-address.ts';

/** struct rtmsg: family, dst_len, src_len, tos, table, protocol, scope, type (u8 each), flags u32. include/uapi/linux/rtnetlink.h */
const rtmsgBytes = 12;
/** struct rtnexthop: len u16, flags u8, hops u8, ifindex s32 */
const rtnexthopBytes = 8;

const metricAttributes: AttributeTable = {
  1: ['RTAX_LOCK', 'u32'],
  2: ['RTAX_MTU', 'u32'],
  3: ['RTAX_WINDOW', 'u32'],
  4: ['RTAX_RTT', 'u32'],
  8: ['RTAX_ADVMSS', 'u32'],
  10: ['RTAX_HOPLIMIT', 'u32'],
  11: ['RTAX_INITCWND', 'u32'],
  16: ['RTAX_CC_ALGO', 'string'],
};

/** struct rtvia: family u16, then the address: an IPv4 route through an IPv6 router. */
const decodeVia = (payload: Uint8Array): string => formatIpAddress(payload.subarray(2)) ?? formatHex(payload);

const routeAttributes: AttributeTable = {
  1: ['RTA_DST', 'ip'],
  2: ['RTA_SRC', 'ip'],
  3: ['RTA_IIF', 'u32'],
  4: ['RTA_OIF', 'u32'],
  5: ['RTA_GATEWAY', 'ip'],
  6: ['RTA_PRIORITY', 'u32'],
  7: ['RTA_PREFSRC', 'ip'],
  8: ['RTA_METRICS', { nested: metricAttributes }],
  9: ['RTA_MULTIPATH', 'hex'],
  11: ['RTA_FLOW', 'u32'],
  // Use counts and expiry: change with every packet.
  12: ['RTA_CACHEINFO', 'skip'],
  15: ['RTA_TABLE', 'u32'],
  16: ['RTA_MARK', 'u32'],
  18: ['RTA_VIA', { decode: decodeVia }],
  20: ['RTA_PREF', 'u8'],
  21: ['RTA_ENCAP_TYPE', 'u16'],
  22: ['RTA_ENCAP', 'hex'],
  23: ['RTA_EXPIRES', 'skip'],
  30: ['RTA_NH_ID', 'u32'],
};

/** RTN_* */
const routeTypes = [
  'unspec',
  'unicast',
  'local',
  'broadcast',
  'anycast',
  'multicast',
  'blackhole',
  'unreachable',
  'prohibit',
  'throw',
  'nat',
  'xresolve',
] as const;

/** RTPROT_*, and 112 for the routes that Podwire's agent itself sets. */
const routeProtocols: Readonly<Record<number, string>> = {
  0: 'unspec',
  1: 'redirect',
  2: 'kernel',
  3: 'boot',
  4: 'static',
  8: 'gated',
  9: 'ra',
  10: 'mrt',
  11: 'zebra',
  12: 'bird',
  16: 'dhcp',
  17: 'mrouted',
  18: 'keepalived',
  42: 'babel',
  112: 'podwire',
  186: 'bgp',
  187: 'isis',
  188: 'ospf',
  189: 'rip',
  192: 'eigrp',
};

/** @returns its usual name, or the bare number */
export const nameRouteProtocol = (protocol: number): string => routeProtocols[protocol] ?? String(protocol);

/** LWTUNNEL_ENCAP_*. include/uapi/linux/lwtunnel.h */
const encapTypes = ['none', 'mpls', 'ip', 'ila', 'ip6', 'seg6', 'bpf', 'seg6local', 'rpl', 'ioam6', 'xfrm'] as const;

/** RTA_ENCAP_TYPE and RTA_ENCAP, or those of a nexthop object: what is around the packet is kept as the kernel's bytes. */
export function describeEncap(type: number | undefined, hex: string | undefined): RouteEncap | undefined {
  return type === undefined || type === 0 ? undefined : { type: encapTypes[type] ?? String(type), raw: hex ?? '' };
}

/** RTNH_F_*, in bit order, as `ip route` prints them. */
export const hopFlags = ['dead', 'pervasive', 'onlink', 'offload', 'linkdown', 'unresolved', 'trap'] as const;

/**
 * Reads the body of one RTM_NEWROUTE.
 * @returns `undefined` for a family that is not IP
 */
export function decodeRoute(body: Uint8Array): Route | undefined {
  const view = viewOf(body);
  const family = nameFamily(view.getUint8(0));
  if (family === undefined) return undefined;
  const attributes = describeAttributes(body.subarray(rtmsgBytes), routeAttributes);
  const flags = nameFlags(view.getUint32(8, true), hopFlags);
  const type = view.getUint8(7);
  const hops = decodeHops(attributes);
  return {
    family,
    table: numberOf(attributes, 'RTA_TABLE') ?? view.getUint8(4),
    type: routeTypes[type] ?? String(type),
    destination: formatDestination(textOf(attributes, 'RTA_DST'), view.getUint8(1), family),
    ...optional('gateway', gatewayOf(attributes)),
    ...optional('linkIndex', numberOf(attributes, 'RTA_OIF') as Route['linkIndex']),
    protocol: nameRouteProtocol(view.getUint8(5)),
    scope: nameScope(view.getUint8(6)),
    ...optional('preferredSource', textOf(attributes, 'RTA_PREFSRC')),
    ...optional('metric', numberOf(attributes, 'RTA_PRIORITY')),
    ...optional('mtuBytes', numberOf(nestedOf(attributes, 'RTA_METRICS'), 'RTAX_MTU')),
    ...optional('nextHops', hops),
    ...optional('nextHopId', numberOf(attributes, 'RTA_NH_ID')),
    ...optional('encap', describeEncap(numberOf(attributes, 'RTA_ENCAP_TYPE'), textOf(attributes, 'RTA_ENCAP'))),
    raw: {
      family,
      dst_len: view.getUint8(1),
      src_len: view.getUint8(2),
      tos: view.getUint8(3),
      protocol: view.getUint8(5),
      scope: view.getUint8(6),
      type,
      flags,
      ...attributes,
    },
  };
}

function formatDestination(ip: string | undefined, prefixLength: number, family: Route['family']): string {
  if (prefixLength === 0) return 'default';
  return `${ip ?? (family === 'inet' ? '0.0.0.0' : '::')}/${prefixLength}`;
}

function gatewayOf(attributes: DecodedAttributes): string | undefined {
  return textOf(attributes, 'RTA_GATEWAY') ?? textOf(attributes, 'RTA_VIA');
}

function decodeHops(attributes: DecodedAttributes): NonNullable<Route['nextHops']> | undefined {
  const hex = textOf(attributes, 'RTA_MULTIPATH');
  if (hex === undefined) return undefined;
  const bytes = Uint8Array.fromHex(hex);
  const hops: NonNullable<Route['nextHops']> = [];
  for (let offset = 0; offset + rtnexthopBytes <= bytes.length; ) {
    const view = viewOf(bytes.subarray(offset));
    const length = view.getUint16(0, true);
    if (length < rtnexthopBytes || offset + length > bytes.length) break;
    hops.push(decodeHop(bytes.subarray(offset, offset + length)));
    offset += (length + 3) & ~3;
  }
  return hops;
}

function decodeHop(bytes: Uint8Array): NonNullable<Route['nextHops']>[number] {
  const view = viewOf(bytes);
  const flags = nameFlags(view.getUint8(2), hopFlags);
  const attributes = describeAttributes(bytes.subarray(rtnexthopBytes), routeAttributes);
  return {
    ...optional('gateway', gatewayOf(attributes)),
    linkIndex: view.getInt32(4, true) as Route['linkIndex'] & number,
    // rtnh_hops is the weight less one.
    weight: view.getUint8(3) + 1,
    ...optional('flags', flags.length > 0 ? flags : undefined),
    ...optional('encap', describeEncap(numberOf(attributes, 'RTA_ENCAP_TYPE'), textOf(attributes, 'RTA_ENCAP'))),
  };
}
