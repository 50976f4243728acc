import { nameFamily } from './decode-address.ts';
import { describeAttributes, numberOf, viewOf } from './decode-attributes.ts';

/** A setting of links that changed, as RTM_NEWNETCONF tells it. */
export interface Netconf {
  readonly family: 'inet' | 'inet6';
  /** `all` and `default` are those of the whole namespace. */
  readonly link: number | 'all' | 'default';
  /** By the last word of the sysctl: `forwarding` -> `1`. */
  readonly settings: Readonly<Record<string, string>>;
}

/** struct netconfmsg is the family alone, padded. NETCONFA_IFINDEX_*. include/uapi/linux/netconf.h */
const netconfmsgBytes = 4;
const NETCONFA_IFINDEX_ALL = -1;

/** NETCONFA_*: of those the ones that steer packets. `proxy_neigh` is named by its family. */
const attributes = {
  1: ['ifindex', 'i32'],
  2: ['forwarding', 'i32'],
  3: ['rp_filter', 'i32'],
  5: ['proxy_neigh', 'i32'],
} as const;

/** @returns `undefined` for a family that is not IP */
export function decodeNetconf(body: Uint8Array): Netconf | undefined {
  const family = nameFamily(viewOf(body).getUint8(0));
  if (family === undefined) return undefined;
  const decoded = describeAttributes(body.subarray(netconfmsgBytes), attributes);
  const index = numberOf(decoded, 'ifindex') ?? NETCONFA_IFINDEX_ALL;
  const names: readonly (readonly [string, string])[] = [
    ['forwarding', 'forwarding'],
    ...(family === 'inet' ? ([['rp_filter', 'rp_filter']] as const) : []),
    ['proxy_neigh', family === 'inet' ? 'proxy_arp' : 'proxy_ndp'],
  ];
  const settings = names.flatMap(([attribute, setting]) => {
    const value = numberOf(decoded, attribute);
    return value === undefined ? [] : [[setting, String(value)] as const];
  });
  const link = index > 0 ? index : index === NETCONFA_IFINDEX_ALL ? 'all' : 'default';
  return { family, link, settings: Object.fromEntries(settings) };
}
