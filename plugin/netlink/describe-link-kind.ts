import type { Link } from '#model/kernel/kernel-snapshot.ts';
import { type DecodedAttributes, numberOf, optional, textOf } from './decode-attributes.ts';

/** MACVLAN_MODE_*, IPVLAN_MODE_*. include/uapi/linux/if_link.h */
const macvlanModes: Readonly<Record<number, string>> = {
  1: 'private',
  2: 'vepa',
  4: 'bridge',
  8: 'passthru',
  16: 'source',
};
const ipvlanModes = ['l2', 'l3', 'l3s'] as const;
const ipvlanFlags = ['bridge', 'private', 'vepa'] as const;

/** BOND_MODE_*. include/uapi/linux/if_bonding.h */
const bondModes = [
  'balance-rr',
  'active-backup',
  'balance-xor',
  'broadcast',
  '802.3ad',
  'balance-tlb',
  'balance-alb',
] as const;

/** IFF_TUN is 1, IFF_TAP 2. include/uapi/linux/if_tun.h */
const TUN_TYPE_TAP = 2;

type KindDetails = Pick<Link, 'bridge' | 'vxlan' | 'vlan' | 'macvlan' | 'ipvlan' | 'bond' | 'tun' | 'tunnel' | 'vrf'>;

/**
 * What a link is set to, from its IFLA_INFO_DATA; nothing for a kind that is only seen (dummy, wireguard, ifb).
 * @param data as its kind's table decodes it: link-kind-attributes.ts
 */
export function describeLinkKind(kind: string | undefined, data: DecodedAttributes): KindDetails {
  switch (kind) {
    case 'bridge':
      return {
        bridge: { vlanFiltering: isOne(data, 'IFLA_BR_VLAN_FILTERING'), stp: isOne(data, 'IFLA_BR_STP_STATE') },
      };
    case 'vxlan':
      return { vxlan: describeVxlan(data) };
    case 'vlan':
      return { vlan: { id: count(data, 'IFLA_VLAN_ID'), protocol: textOf(data, 'IFLA_VLAN_PROTOCOL') ?? '802.1Q' } };
    case 'macvlan':
    case 'macvtap':
      return { macvlan: { mode: nameOf(macvlanModes, count(data, 'IFLA_MACVLAN_MODE')) } };
    case 'ipvlan':
    case 'ipvtap':
      return {
        ipvlan: {
          mode: nameOf(ipvlanModes, count(data, 'IFLA_IPVLAN_MODE')),
          flag: nameOf(ipvlanFlags, count(data, 'IFLA_IPVLAN_FLAGS')),
        },
      };
    case 'bond':
      return { bond: describeBond(data) };
    case 'tun':
      return { tun: { mode: count(data, 'IFLA_TUN_TYPE') === TUN_TYPE_TAP ? 'tap' : 'tun' } };
    case 'vrf':
      return { vrf: { table: count(data, 'IFLA_VRF_TABLE') } };
    default:
      return describeTunnel(kind, data);
  }
}

/** XDP_ATTACHED_*. include/uapi/linux/if_link.h */
const xdpModes: Readonly<Record<number, NonNullable<Link['xdp']>['mode']>> = {
  1: 'driver',
  2: 'generic',
  3: 'offload',
  4: 'multiple',
};

/** IFLA_XDP; every link has it, nearly always with nothing attached. */
export function describeXdp(xdp: DecodedAttributes): Link['xdp'] {
  const mode = xdpModes[count(xdp, 'IFLA_XDP_ATTACHED')];
  if (mode === undefined) return undefined;
  const only = numberOf(xdp, 'IFLA_XDP_PROG_ID');
  const programs = xdpPrograms.flatMap(([each, name]) => {
    // Older kernels name a single program without its mode.
    const id = numberOf(xdp, name) ?? (each === mode ? only : undefined);
    return id === undefined ? [] : [{ mode: each, id }];
  });
  return { mode, programIds: [...new Set(programs.map(({ id }) => id))], programs };
}

const xdpPrograms = [
  ['driver', 'IFLA_XDP_DRV_PROG_ID'],
  ['generic', 'IFLA_XDP_SKB_PROG_ID'],
  ['offload', 'IFLA_XDP_HW_PROG_ID'],
] as const;

function describeVxlan(data: DecodedAttributes): NonNullable<Link['vxlan']> {
  return {
    id: count(data, 'IFLA_VXLAN_ID'),
    port: count(data, 'IFLA_VXLAN_PORT'),
    ...optional('localIp', textOf(data, 'IFLA_VXLAN_LOCAL') ?? textOf(data, 'IFLA_VXLAN_LOCAL6')),
    learning: isOne(data, 'IFLA_VXLAN_LEARNING'),
  };
}

function describeBond(data: DecodedAttributes): NonNullable<Link['bond']> {
  return {
    mode: nameOf(bondModes, count(data, 'IFLA_BOND_MODE')),
    ...optional('activeIndex', numberOf(data, 'IFLA_BOND_ACTIVE_SLAVE')),
  };
}

const tunnelPrefixes: Readonly<Record<string, string>> = {
  gre: 'IFLA_GRE',
  gretap: 'IFLA_GRE',
  ip6gre: 'IFLA_GRE',
  ip6gretap: 'IFLA_GRE',
  ipip: 'IFLA_IPTUN',
  sit: 'IFLA_IPTUN',
  ip6tnl: 'IFLA_IPTUN',
  geneve: 'IFLA_GENEVE',
};

function describeTunnel(kind: string | undefined, data: DecodedAttributes): Pick<Link, 'tunnel'> {
  const prefix = tunnelPrefixes[kind ?? ''];
  if (prefix === undefined) return {};
  // A key of 0 is no key.
  const id = numberOf(data, `${prefix}_ID`) ?? (numberOf(data, `${prefix}_OKEY`) || undefined);
  return {
    tunnel: {
      ...optional('localIp', endOf(textOf(data, `${prefix}_LOCAL`))),
      ...optional('remoteIp', endOf(textOf(data, `${prefix}_REMOTE`) ?? textOf(data, `${prefix}_REMOTE6`))),
      ...optional('id', id),
      ...optional('port', numberOf(data, `${prefix}_PORT`)),
      isExternal: data[`${prefix}_COLLECT_METADATA`] === true,
    },
  };
}

/** The unspecified address means any: no end is set. */
const endOf = (ip: string | undefined): string | undefined => (ip === '0.0.0.0' || ip === '::' ? undefined : ip);

const count = (data: DecodedAttributes, name: string): number => numberOf(data, name) ?? 0;
const isOne = (data: DecodedAttributes, name: string): boolean => numberOf(data, name) === 1;
const nameOf = (names: Readonly<Record<number, string>>, number: number): string => names[number] ?? String(number);
