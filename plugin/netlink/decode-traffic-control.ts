import type { Qdisc, TcClass, TcFilter } from '#model/kernel/traffic-control.ts';
import {
  type AttributeTable,
  type DecodedAttributes,
  describeAttributes,
  numberOf,
  optional,
  textOf,
  viewOf,
} from './decode-attributes.ts';
import { settleFilterOptions, settleQdiscOptions } from './settle-traffic-options.ts';

/** struct tcmsg: family u8, pad u8, pad u16, ifindex s32, handle u32, parent u32, info u32. include/uapi/linux/rtnetlink.h */
const tcmsgBytes = 20;

/** TC_H_ROOT, TC_H_CLSACT (the same as TC_H_INGRESS) and the hooks below it. include/uapi/linux/pkt_sched.h */
const TC_H_ROOT = 0xffffffff;
const TC_H_CLSACT = 0xfffffff1;
export const TC_HOOK = { ingress: 0xfffffff2, egress: 0xfffffff3 } as const;

const bpfOptions: AttributeTable = {
  3: ['TCA_BPF_CLASSID', 'u32'],
  7: ['TCA_BPF_NAME', 'string'],
  8: ['TCA_BPF_FLAGS', 'u32'],
  9: ['TCA_BPF_FLAGS_GEN', 'u32'],
  10: ['TCA_BPF_TAG', 'hex'],
  11: ['TCA_BPF_ID', 'u32'],
};

/** include/uapi/linux/rtnetlink.h; statistics are left out: they count by themselves. */
const tcAttributes: AttributeTable = {
  1: ['TCA_KIND', 'string'],
  2: ['TCA_OPTIONS', 'hex'],
  3: ['TCA_STATS', 'skip'],
  4: ['TCA_XSTATS', 'skip'],
  5: ['TCA_RATE', 'skip'],
  7: ['TCA_STATS2', 'skip'],
  11: ['TCA_CHAIN', 'u32'],
  12: ['TCA_HW_OFFLOAD', 'u8'],
  13: ['TCA_INGRESS_BLOCK', 'u32'],
  14: ['TCA_EGRESS_BLOCK', 'u32'],
};

interface TcMessage {
  readonly linkIndex: Qdisc['linkIndex'];
  readonly handle: number;
  readonly parent: number;
  readonly info: number;
  readonly kind: string;
  readonly attributes: DecodedAttributes;
}

function readTcMessage(body: Uint8Array): TcMessage {
  const view = viewOf(body);
  const attributes = describeAttributes(body.subarray(tcmsgBytes), tcAttributes);
  return {
    linkIndex: view.getInt32(4, true) as Qdisc['linkIndex'],
    handle: view.getUint32(8, true),
    parent: view.getUint32(12, true),
    info: view.getUint32(16, true),
    kind: textOf(attributes, 'TCA_KIND') ?? '',
    attributes,
  };
}

/**
 * Reads the body of one RTM_NEWQDISC.
 * @returns `undefined` for what the kernel gives a link by itself: its handle is 0, as nobody can name it
 */
export function decodeQdisc(body: Uint8Array): Qdisc | undefined {
  const { linkIndex, handle, parent, kind, attributes } = readTcMessage(body);
  if (handle === 0) return undefined;
  const options = textOf(attributes, 'TCA_OPTIONS');
  return {
    linkIndex,
    kind,
    handle: formatHandle(handle),
    parent: formatHandle(parent),
    raw: {
      ...{ ifindex: linkIndex, handle, parent, ...attributes },
      ...optional('TCA_OPTIONS', options && settleQdiscOptions(kind, options)),
    },
  };
}

/**
 * Qdiscs whose classes somebody sets up; those of the others are flows that come and go with their packets. Filters below a class
 * are taken by `htb` and `hfsc` alone: the tcf_block of the others knows no classes. net/sched/sch_*.c
 */
const classFilterKinds: ReadonlySet<string> = new Set(['htb', 'hfsc']);
const classfulKinds: ReadonlySet<string> = new Set([
  ...classFilterKinds,
  ...['drr', 'ets', 'mqprio', 'multiq', 'prio', 'qfq', 'taprio'],
]);

/** The qdisc's handle, to ask for its classes; undefined where it has none of its own. */
export const findClassParent = ({ kind, raw }: Qdisc): number | undefined =>
  classfulKinds.has(kind) && typeof raw.handle === 'number' ? raw.handle : undefined;

/** Reads the body of one RTM_NEWTCLASS. */
export function decodeTcClass(body: Uint8Array): TcClass {
  const { linkIndex, handle, parent, info, kind, attributes } = readTcMessage(body);
  return {
    linkIndex,
    kind,
    handle: formatHandle(handle),
    parent: formatHandle(parent),
    ...optional('leaf', info === 0 ? undefined : formatHandle(info)),
    raw: { ifindex: linkIndex, handle, parent, info, ...attributes },
  };
}

/** The class as a place of filters; none where its kind takes none. */
export const listClassFilterParents = ({ kind, raw }: TcClass): readonly number[] =>
  classFilterKinds.has(kind) && typeof raw.handle === 'number' ? [raw.handle] : [];

/** TCM_IFINDEX_MAGIC_BLOCK, as `decodeTcFilter` finds it: a filter that several links share names its block in their place. */
const SHARED_BLOCK = -1;

/** A filter at the place that was asked for: one in a shared block does not know it. */
export function placeFilter(filter: TcFilter, linkIndex: TcFilter['linkIndex'], parent: number): TcFilter {
  if (filter.linkIndex !== SHARED_BLOCK) return filter;
  return { ...filter, linkIndex, parent: nameHook(parent), ...optional('block', numberOf(filter.raw, 'parent')) };
}

/** The places whose filters a dump has to ask for, one by one: those of the qdisc, for clsact both directions. */
export function listFilterParents({ kind, raw }: Qdisc): readonly number[] {
  if (kind === 'clsact') return [TC_HOOK.ingress, TC_HOOK.egress];
  if (kind === 'ingress') return [TC_HOOK.ingress];
  return typeof raw.handle === 'number' ? [raw.handle] : [];
}

/**
 * Reads the body of one RTM_NEWTFILTER.
 * @returns `undefined` for the head of a classifier's filters, which classifies nothing
 */
export function decodeTcFilter(body: Uint8Array): TcFilter | undefined {
  const { linkIndex, handle, parent, info, kind, attributes } = readTcMessage(body);
  const moving = textOf(attributes, 'TCA_OPTIONS');
  if (handle === 0 || moving === undefined) return undefined;
  const options = settleFilterOptions(kind, moving);
  const bpf = kind === 'bpf' ? describeAttributes(Uint8Array.fromHex(options), bpfOptions) : undefined;
  return {
    linkIndex,
    parent: nameHook(parent),
    kind,
    priority: info >>> 16,
    protocol: nameProtocol(info & 0xffff),
    handle,
    chain: numberOf(attributes, 'TCA_CHAIN') ?? 0,
    ...optional('bpf', bpf && describeBpf(bpf)),
    raw: { ifindex: linkIndex, parent, info, ...attributes, ...optional('TCA_OPTIONS', bpf ?? options) },
  };
}

function describeBpf(options: DecodedAttributes): NonNullable<TcFilter['bpf']> {
  return {
    ...optional('name', textOf(options, 'TCA_BPF_NAME')),
    ...optional('id', numberOf(options, 'TCA_BPF_ID')),
    ...optional('tag', textOf(options, 'TCA_BPF_TAG')),
  };
}

/** `root`, `8001:`, `1:10`, `ffff:fff1`, as `tc` prints them. */
function formatHandle(handle: number): string {
  if (handle === TC_H_ROOT) return 'root';
  if (handle === TC_H_CLSACT) return 'ffff:fff1';
  const minor = handle & 0xffff;
  return `${(handle >>> 16).toString(16)}:${minor === 0 ? '' : minor.toString(16)}`;
}

function nameHook(parent: number): string {
  // The older ingress qdisc is its own parent: ffff:
  if (parent === TC_HOOK.ingress || parent === 0xffff0000) return 'ingress';
  return parent === TC_HOOK.egress ? 'egress' : formatHandle(parent);
}

/** ETH_P_*. include/uapi/linux/if_ether.h */
const protocols: Readonly<Record<number, string>> = {
  3: 'all',
  2048: 'ip',
  2054: 'arp',
  34525: 'ipv6',
  33024: '802.1Q',
  34984: '802.1ad',
};

/** @param bytes in the order of the network, as the low half of tcm_info holds them */
function nameProtocol(bytes: number): string {
  const protocol = ((bytes & 0xff) << 8) | (bytes >>> 8);
  return protocols[protocol] ?? `0x${protocol.toString(16)}`;
}
