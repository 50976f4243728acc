import type { FdbEntry, Neighbour } from '#model/kernel/kernel-snapshot.ts';
import { nameFamily } from './decode-address.ts';
import {
  type AttributeTable,
  describeAttributes,
  nameFlags,
  numberOf,
  optional,
  textOf,
  viewOf,
} from './decode-attributes.ts';
import { AF } from './netlink-tables.ts';

/** struct ndmsg: family u8, pad u8, pad u16, ifindex s32, state u16, flags u8, type u8. include/uapi/linux/neighbour.h */
const ndmsgBytes = 12;

const neighbourAttributes: AttributeTable = {
  1: ['NDA_DST', 'ip'],
  2: ['NDA_LLADDR', 'mac'],
  // Ages and probe counts change with every packet.
  3: ['NDA_CACHEINFO', 'skip'],
  4: ['NDA_PROBES', 'skip'],
  5: ['NDA_VLAN', 'u16'],
  6: ['NDA_PORT', 'be16'],
  7: ['NDA_VNI', 'u32'],
  8: ['NDA_IFINDEX', 'u32'],
  9: ['NDA_MASTER', 'u32'],
  10: ['NDA_LINK_NETNSID', 'i32'],
  11: ['NDA_SRC_VNI', 'u32'],
  12: ['NDA_PROTOCOL', 'u8'],
  13: ['NDA_NH_ID', 'u32'],
  14: ['NDA_FDB_EXT_ATTRS', 'skip'],
  15: ['NDA_FLAGS_EXT', 'u32'],
};

/** NUD_*, in bit order. */
const neighbourStates = ['incomplete', 'reachable', 'stale', 'delay', 'probe', 'failed', 'noarp', 'permanent'] as const;

/** NTF_*, in bit order. */
const neighbourFlags = ['use', 'self', 'master', 'proxy', 'extern_learn', 'offload', 'sticky', 'router'] as const;

interface NeighbourMessage {
  readonly family: number;
  readonly linkIndex: Neighbour['linkIndex'];
  readonly state: string;
  readonly flags: string[];
  readonly attributes: ReturnType<typeof describeAttributes>;
}

function readNeighbourMessage(body: Uint8Array): NeighbourMessage {
  const view = viewOf(body);
  // A vxlan's entries have NUD_NOARP and NUD_PERMANENT at once: the stronger one counts, as for `bridge fdb`.
  const state = nameFlags(view.getUint16(8, true), neighbourStates).at(-1);
  return {
    family: view.getUint8(0),
    linkIndex: view.getInt32(4, true) as Neighbour['linkIndex'],
    state: state ?? 'none',
    flags: nameFlags(view.getUint8(10), neighbourFlags),
    attributes: describeAttributes(body.subarray(ndmsgBytes), neighbourAttributes),
  };
}

/**
 * Reads the body of one RTM_NEWNEIGH of the families inet and inet6. Entries that need no resolution (`noarp`: loopback,
 * multicast) are left out, as `ip neighbour` does: the kernel makes them up itself.
 * @returns `undefined` for those and for other families
 */
export function decodeNeighbour(body: Uint8Array): Neighbour | undefined {
  const neighbour = decodeAnyNeighbour(body);
  return neighbour?.state === 'noarp' ? undefined : neighbour;
}

/** The same with those that need no resolution: a known one may become one. */
export function decodeAnyNeighbour(body: Uint8Array): Neighbour | undefined {
  const { family: familyNumber, linkIndex, state, flags, attributes } = readNeighbourMessage(body);
  const family = nameFamily(familyNumber);
  const ip = textOf(attributes, 'NDA_DST');
  if (family === undefined || ip === undefined) return undefined;
  return {
    linkIndex,
    family,
    ip,
    ...optional('mac', textOf(attributes, 'NDA_LLADDR')),
    state,
    flags,
    raw: { family, ifindex: linkIndex, state, flags, ...attributes },
  };
}

/** What `bridge fdb` calls the states of NUD_*. */
const fdbStates: Readonly<Record<string, string>> = { noarp: 'static' };

/**
 * Reads the body of one RTM_NEWNEIGH of the family AF_BRIDGE. The group addresses that a device listens to are listed
 * by the kernel in the same dump; they forward nothing and are left out.
 * @returns `undefined` for those and for other families
 */
export function decodeFdbEntry(body: Uint8Array): FdbEntry | undefined {
  const { family, linkIndex, state, flags, attributes } = readNeighbourMessage(body);
  const mac = textOf(attributes, 'NDA_LLADDR');
  if (family !== AF.BRIDGE || mac === undefined || isListenedGroup(mac, flags)) return undefined;
  return {
    linkIndex,
    mac,
    ...optional('vlan', numberOf(attributes, 'NDA_VLAN')),
    ...optional('masterIndex', numberOf(attributes, 'NDA_MASTER') as FdbEntry['masterIndex']),
    ...optional('remoteIp', textOf(attributes, 'NDA_DST')),
    state: fdbStates[state] ?? state,
    flags,
    raw: { ifindex: linkIndex, state, flags, ...attributes },
  };
}

/** The lowest bit of the first byte marks a group. */
function isListenedGroup(mac: string, flags: readonly string[]): boolean {
  return flags.includes('self') && (Number.parseInt(mac.slice(0, 2), 16) & 1) === 1;
}
