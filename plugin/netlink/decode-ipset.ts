import type { IpSet } from '#model/kernel/kernel-snapshot.ts';
import { nameFamily } from './decode-address.ts';
import { formatIpAddress } from './decode-ip-address.ts';
import { decodeAttributes, indexAttributes, readString } from './netlink-message.ts';
import { IPSET_ATTR } from './netlink-tables.ts';

/** One message of a listing: the head of a set, or a part of its entries, or both. */
export interface IpsetPart {
  readonly name: string;
  readonly kind: string | undefined;
  readonly family: IpSet['family'];
  readonly entries: readonly string[];
}

/** struct nfgenmsg */
const nfgenmsgBytes = 4;

/** Inside the data of one entry. include/uapi/linux/netfilter/ipset/ip_set.h */
const ENTRY = {
  IP: 1,
  IP_TO: 2,
  CIDR: 3,
  PORT: 4,
  PROTO: 7,
  CADT_FLAGS: 8,
  MARK: 10,
  ETHER: 17,
  NAME: 18,
  IP2: 20,
  CIDR2: 21,
  IFACE: 23,
} as const;

/** IPSET_FLAG_PHYSDEV, IPSET_FLAG_NOMATCH */
const FLAG = { physdev: 2, nomatch: 4 } as const;

/** IPPROTO_* as `ipset` prints them. */
const protocols: Readonly<Record<number, string>> = {
  1: 'icmp',
  6: 'tcp',
  17: 'udp',
  58: 'icmpv6',
  132: 'sctp',
  136: 'udplite',
};

type Attributes = ReadonlyMap<number, Uint8Array>;

/**
 * Reads the body of one answer to IPSET_CMD_LIST.
 * @param kindOf the kind of a set that an earlier message told: only the first one of each set names it
 */
export function decodeIpsetPart(body: Uint8Array, kindOf: (name: string) => string | undefined): IpsetPart | undefined {
  const attributes = indexAttributes(body, nfgenmsgBytes);
  const name = attributes.get(IPSET_ATTR.SETNAME);
  if (name === undefined) return undefined;
  const told = attributes.get(IPSET_ATTR.TYPENAME);
  const kind = told === undefined ? undefined : readString(told);
  const entries = decodeAttributes(attributes.get(IPSET_ATTR.ADT) ?? new Uint8Array());
  const setName = readString(name);
  const dimensions = (kind ?? kindOf(setName) ?? '').split(':')[1]?.split(',') ?? [];
  return {
    name: setName,
    kind,
    family: nameFamily(attributes.get(IPSET_ATTR.FAMILY)?.[0] ?? 0),
    entries: entries.map(({ value }) => formatEntry(indexAttributes(value), dimensions)),
  };
}

/** As `ipset save` prints it: the dimensions of the kind in their order, `hash:ip,port,ip` -> `10.0.0.1,tcp:80,10.0.0.2`. */
function formatEntry(entry: Attributes, dimensions: readonly string[]): string {
  const places = dimensions.map((dimension, place) => {
    const isSecond = dimensions.slice(0, place).some((other) => other === 'ip' || other === 'net');
    return formatDimension(entry, dimension, isSecond);
  });
  return `${places.join(',')}${(readFlags(entry) & FLAG.nomatch) === 0 ? '' : ' nomatch'}`;
}

function formatDimension(entry: Attributes, dimension: string, isSecond: boolean): string {
  switch (dimension) {
    case 'ip':
    case 'net':
      return formatPrefix(entry.get(isSecond ? ENTRY.IP2 : ENTRY.IP), entry.get(isSecond ? ENTRY.CIDR2 : ENTRY.CIDR));
    case 'port':
      return formatPort(entry);
    case 'mac':
      return Array.from(entry.get(ENTRY.ETHER) ?? [], (byte) => byte.toString(16).padStart(2, '0'))
        .join(':')
        .toUpperCase();
    case 'iface':
      return `${(readFlags(entry) & FLAG.physdev) === 0 ? '' : 'physdev:'}${readString(entry.get(ENTRY.IFACE) ?? new Uint8Array())}`;
    case 'mark':
      return `0x${readBig(entry.get(ENTRY.MARK)).toString(16).padStart(8, '0')}`;
    case 'set':
      return readString(entry.get(ENTRY.NAME) ?? new Uint8Array());
    default:
      return '?';
  }
}

/** The address is nested: IPSET_ATTR_IPADDR_IPV4 or _IPV6. */
function formatPrefix(nested: Uint8Array | undefined, cidr: Uint8Array | undefined): string {
  const [address] = nested === undefined ? [] : decodeAttributes(nested);
  if (address === undefined) return '0.0.0.0/0';
  const length = cidr?.[0];
  const isHost = length === undefined || length === address.value.length * 8;
  return `${formatIpAddress(address.value) ?? ''}${isHost ? '' : `/${length}`}`;
}

function formatPort(entry: Attributes): string {
  const port = readBig(entry.get(ENTRY.PORT));
  const protocol = entry.get(ENTRY.PROTO)?.[0];
  if (protocol === undefined) return String(port);
  const name = protocols[protocol] ?? String(protocol);
  return name.startsWith('icmp') ? `${name}:${port >>> 8}/${port & 0xff}` : `${name}:${port}`;
}

const readFlags = (entry: Attributes): number => readBig(entry.get(ENTRY.CADT_FLAGS));

/** In the order of the network, whatever its width. */
const readBig = (value: Uint8Array = new Uint8Array()): number => value.reduce((sum, byte) => sum * 256 + byte, 0);
