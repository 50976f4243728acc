import type { Address } from '#model/kernel/kernel-snapshot.ts';
import { type AttributeTable, describeAttributes, nameFlags, numberOf, textOf, viewOf } from './decode-attributes.ts';
import { AF } from './netlink-tables.ts';

/** struct ifaddrmsg: family u8, prefixlen u8, flags u8, scope u8, index u32. include/uapi/linux/if_addr.h */
const ifaddrmsgBytes = 8;

const addressAttributes: AttributeTable = {
  1: ['IFA_ADDRESS', 'ip'],
  2: ['IFA_LOCAL', 'ip'],
  3: ['IFA_LABEL', 'string'],
  4: ['IFA_BROADCAST', 'ip'],
  5: ['IFA_ANYCAST', 'ip'],
  // Lifetimes count down by themselves: every reading would look like a change.
  6: ['IFA_CACHEINFO', 'skip'],
  7: ['IFA_MULTICAST', 'ip'],
  8: ['IFA_FLAGS', 'u32'],
  9: ['IFA_RT_PRIORITY', 'u32'],
  11: ['IFA_PROTO', 'u8'],
};

/** IFA_F_*, in bit order, as `ip address` prints them. Bit 0 is `temporary` for IPv6. */
const addressFlags = [
  'secondary',
  'nodad',
  'optimistic',
  'dadfailed',
  'home',
  'deprecated',
  'tentative',
  'permanent',
  'mngtmpaddr',
  'noprefixroute',
  'autojoin',
  'stable-privacy',
] as const;

/** RT_SCOPE_*. include/uapi/linux/rtnetlink.h */
const scopes: Readonly<Record<number, Address['scope']>> = {
  0: 'global',
  200: 'site',
  253: 'link',
  254: 'host',
  255: 'nowhere',
};

/** A scope without a name (an administrator may number his own) lies nearer to global than to anything else. */
export function nameScope(scope: number): Address['scope'] {
  return scopes[scope] ?? 'global';
}

/** Name of a family that routes, addresses and neighbours are kept for; `undefined` for others (MPLS, multicast routing). */
export function nameFamily(family: number): Address['family'] | undefined {
  if (family === AF.INET) return 'inet';
  return family === AF.INET6 ? 'inet6' : undefined;
}

/**
 * Reads the body of one RTM_NEWADDR. IFA_LOCAL is the address itself; IFA_ADDRESS is the other end on a point-to-point
 * link and the same on all others, and the only one for IPv6.
 * @returns `undefined` for a family that is not IP
 */
export function decodeAddress(body: Uint8Array): Address | undefined {
  const view = viewOf(body);
  const family = nameFamily(view.getUint8(0));
  if (family === undefined) return undefined;
  const prefixLength = view.getUint8(1);
  const index = view.getUint32(4, true);
  const attributes = describeAttributes(body.subarray(ifaddrmsgBytes), addressAttributes);
  const ip = textOf(attributes, 'IFA_LOCAL') ?? textOf(attributes, 'IFA_ADDRESS');
  const flags = nameFlags(numberOf(attributes, 'IFA_FLAGS') ?? view.getUint8(2), addressFlags);
  return {
    linkIndex: index as Address['linkIndex'],
    family,
    prefix: `${ip ?? (family === 'inet' ? '0.0.0.0' : '::')}/${prefixLength}`,
    scope: nameScope(view.getUint8(3)),
    flags: flags.map((flag) => (flag === 'secondary' && family === 'inet6' ? 'temporary' : flag)),
    raw: { family, prefixlen: prefixLength, scope: view.getUint8(3), index, ...attributes },
  };
}
