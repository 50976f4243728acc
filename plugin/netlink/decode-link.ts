import type { JsonValue } from '#model/json.ts';
import type { Link } from '#model/kernel/kernel-snapshot.ts';
import {
  type AttributeTable,
  type DecodedAttributes,
  describeAttributes,
  nameFlags,
  nestedOf,
  numberOf,
  optional,
  textOf,
  viewOf,
} from './decode-attributes.ts';
import { describeLinkKind, describeXdp } from './describe-link-kind.ts';
import { linkAttributes } from './link-attributes.ts';
import { linkInfoData } from './link-kind-attributes.ts';
import { linkPortData } from './link-port-attributes.ts';
import { decodeAttributes } from './netlink-message.ts';
import { AF, IFLA } from './netlink-tables.ts';

/** What one RTM_NEWLINK says; `peerNetnsId` is the kernel's local number of the namespace that IFLA_LINK is in. */
export interface DecodedLink {
  readonly link: Link;
  /** IFLA_LINK_NETNSID: absent where the other end is in the same namespace. */
  readonly linkNetnsid?: number;
  /** `net.ipv4.conf.<name>.rp_filter` -> `1`, from IFLA_AF_SPEC: saves opening a file per link. */
  readonly sysctls: Readonly<Record<string, string>>;
}

/** struct ifinfomsg: family, pad, type u16, index s32, flags u32, change u32 */
const ifinfomsgBytes = 16;

/** IFF_*, in bit order. include/uapi/linux/if.h */
const linkFlags = [
  'UP',
  'BROADCAST',
  'DEBUG',
  'LOOPBACK',
  'POINTOPOINT',
  'NOTRAILERS',
  'RUNNING',
  'NOARP',
  'PROMISC',
  'ALLMULTI',
  'MASTER',
  'SLAVE',
  'MULTICAST',
  'PORTSEL',
  'AUTOMEDIA',
  'DYNAMIC',
  'LOWER_UP',
  'DORMANT',
  'ECHO',
] as const;

/** IF_OPER_*, RFC 2863. */
const operStates = ['unknown', 'notpresent', 'down', 'lowerlayerdown', 'testing', 'dormant', 'up'] as const;
const portStates = ['disabled', 'listening', 'learning', 'forwarding', 'blocking'] as const;

/** ARPHRD_* of the usual suspects. include/uapi/linux/if_arp.h */
const hardwareTypes: Readonly<Record<number, string>> = {
  1: 'ether',
  768: 'ipip',
  769: 'tunnel6',
  772: 'loopback',
  776: 'sit',
  778: 'gre',
  65534: 'none',
};

/**
 * Reads the body of one RTM_NEWLINK (after the nlmsghdr).
 * The IFLA_LINK of a veth is its peer; of a vlan, macvlan or ipvlan the link below; a vxlan names its own.
 */
export function decodeLink(body: Uint8Array): DecodedLink {
  const view = viewOf(body);
  const index = view.getInt32(4, true);
  const flags = view.getUint32(8, true);
  const attributes = describeAttributes(body.subarray(ifinfomsgBytes), linkAttributes);
  const info = nestedOf(attributes, 'IFLA_LINKINFO');
  const kind = textOf(info, 'IFLA_INFO_KIND');
  const data = decodeInfo(info, 'IFLA_INFO_DATA', linkInfoData[kind ?? '']);
  const port = decodeInfo(info, 'IFLA_INFO_SLAVE_DATA', linkPortData[textOf(info, 'IFLA_INFO_SLAVE_KIND') ?? '']);
  const name = textOf(attributes, 'IFLA_IFNAME') ?? '';
  const linkNetnsid = numberOf(attributes, 'IFLA_LINK_NETNSID');
  const link: Link = {
    index: index as Link['index'],
    name,
    ...optional('kind', kind),
    ...optional('mac', macOf(attributes, view.getUint16(2, true))),
    mtuBytes: numberOf(attributes, 'IFLA_MTU') ?? 0,
    flags: nameFlags(flags, linkFlags),
    operState: operStates[numberOf(attributes, 'IFLA_OPERSTATE') ?? 0] ?? 'unknown',
    ...optional('masterIndex', numberOf(attributes, 'IFLA_MASTER') as Link['masterIndex']),
    ...describeLower(kind, numberOf(attributes, 'IFLA_LINK'), data),
    ...optional('port', 'IFLA_BRPORT_STATE' in port ? describePort(port) : undefined),
    ...describeLinkKind(kind, data),
    ...optional('xdp', describeXdp(nestedOf(attributes, 'IFLA_XDP'))),
    raw: {
      index,
      type: hardwareTypes[view.getUint16(2, true)] ?? view.getUint16(2, true),
      flags: `0x${flags.toString(16)}`,
      ...withDecodedInfo(attributes, info, { data, port }),
    },
  };
  return { link, ...optional('linkNetnsid', linkNetnsid), sysctls: decodeDeviceSysctls(body, name) };
}

/** Whether an RTM_DELLINK means that the link went to another namespace. net/core/dev.c, __dev_change_net_namespace */
export function isMove(body: Uint8Array): boolean {
  return decodeAttributes(body, ifinfomsgBytes).some(({ type }) => type === IFLA.NEW_NETNSID);
}

function macOf(attributes: DecodedAttributes, hardwareType: number): string | undefined {
  return hardwareType === 1 || hardwareType === 772 ? textOf(attributes, 'IFLA_ADDRESS') : undefined;
}

function decodeInfo(info: DecodedAttributes, name: string, table: AttributeTable | undefined): DecodedAttributes {
  const hex = info[name];
  if (typeof hex !== 'string' || table === undefined) return {};
  return describeAttributes(Uint8Array.fromHex(hex), table);
}

function withDecodedInfo(
  attributes: DecodedAttributes,
  info: DecodedAttributes,
  { data, port }: { readonly data: DecodedAttributes; readonly port: DecodedAttributes },
): Record<string, JsonValue> {
  if (Object.keys(info).length === 0) return { ...attributes };
  return {
    ...attributes,
    IFLA_LINKINFO: {
      ...info,
      ...(Object.keys(data).length > 0 ? { IFLA_INFO_DATA: data } : {}),
      ...(Object.keys(port).length > 0 ? { IFLA_INFO_SLAVE_DATA: port } : {}),
    },
  };
}

function describeLower(
  kind: string | undefined,
  lower: number | undefined,
  data: DecodedAttributes,
): Pick<Link, 'peer' | 'parentIndex'> {
  if (kind === 'veth' || kind === 'netkit') return lower ? { peer: { index: lower as Link['index'] } } : {};
  const parent =
    lower || numberOf(data, 'IFLA_VXLAN_LINK') || numberOf(data, 'IFLA_GRE_LINK') || numberOf(data, 'IFLA_IPTUN_LINK');
  return parent ? { parentIndex: parent as Link['index'] } : {};
}

function describePort(port: DecodedAttributes): NonNullable<Link['port']> {
  const isSet = (name: string): boolean => numberOf(port, name) === 1;
  return {
    state: portStates[numberOf(port, 'IFLA_BRPORT_STATE') ?? 0] ?? 'disabled',
    hairpin: isSet('IFLA_BRPORT_MODE'),
    isolated: isSet('IFLA_BRPORT_ISOLATED'),
    learning: isSet('IFLA_BRPORT_LEARNING'),
    flood: isSet('IFLA_BRPORT_UNICAST_FLOOD'),
  };
}

/** Place in IFLA_INET_CONF is the IPV4_DEVCONF_* number less one. include/uapi/linux/ip.h */
const ipv4Settings: Readonly<Record<number, string>> = {
  0: 'forwarding',
  2: 'proxy_arp',
  7: 'rp_filter',
  18: 'arp_ignore',
  22: 'accept_local',
  23: 'src_valid_mark',
  25: 'route_localnet',
};

/** Place in IFLA_INET6_CONF is the DEVCONF_* number. include/uapi/linux/ipv6.h */
const ipv6Settings: Readonly<Record<number, string>> = {
  0: 'forwarding',
  3: 'accept_ra',
  22: 'proxy_ndp',
  26: 'disable_ipv6',
};

const IFLA_AF_SPEC = 26;
const IFLA_INET_CONF = 1;
const IFLA_INET6_CONF = 2;

function decodeDeviceSysctls(body: Uint8Array, name: string): Record<string, string> {
  const settings: Record<string, string> = {};
  for (const attribute of decodeAttributes(body, ifinfomsgBytes)) {
    if (attribute.type !== IFLA_AF_SPEC) continue;
    for (const { type, value } of decodeAttributes(attribute.value)) {
      if (type === AF.INET) collectSettings(settings, { prefix: `net.ipv4.conf.${name}`, spec: value, ...ipv4Conf });
      if (type === AF.INET6) collectSettings(settings, { prefix: `net.ipv6.conf.${name}`, spec: value, ...ipv6Conf });
    }
  }
  return settings;
}

const ipv4Conf = { attribute: IFLA_INET_CONF, settings: ipv4Settings };
const ipv6Conf = { attribute: IFLA_INET6_CONF, settings: ipv6Settings };

interface DeviceConf {
  readonly prefix: string;
  readonly spec: Uint8Array;
  readonly attribute: number;
  readonly settings: Readonly<Record<number, string>>;
}

function collectSettings(into: Record<string, string>, conf: DeviceConf): void {
  for (const { type, value } of decodeAttributes(conf.spec)) {
    if (type !== conf.attribute) continue;
    const view = viewOf(value);
    for (const [place, setting] of Object.entries(conf.settings)) {
      const offset = Number(place) * 4;
      if (offset + 4 <= value.length) into[`${conf.prefix}.${setting}`] = String(view.getInt32(offset, true));
    }
  }
}
