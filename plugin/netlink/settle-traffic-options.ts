import { formatHex } from './decode-attributes.ts';
import { decodeAttributes } from './netlink-message.ts';

interface MovingAttributes {
  /** TCA_<kind>_ACT: the actions of a filter. */
  readonly actions?: number;
  /** TCA_<kind>_PCNT: how often it matched. */
  readonly counts?: number;
}

/** By the kind of filter. include/uapi/linux/pkt_cls.h */
const movingByKind: Readonly<Record<string, MovingAttributes>> = {
  basic: { actions: 3, counts: 5 },
  bpf: { actions: 1 },
  cgroup: { actions: 1 },
  flow: { actions: 9 },
  flower: { actions: 3 },
  fw: { actions: 4 },
  matchall: { actions: 2, counts: 4 },
  route: { actions: 6 },
  u32: { actions: 7, counts: 9 },
};

/** TCA_ACT_*. include/uapi/linux/pkt_cls.h */
const ACT = { KIND: 1, OPTIONS: 2, STATS: 4, IN_HW_COUNT: 10 } as const;

/** Where an action keeps struct tcf_t: when it was made, last used, and will end. include/uapi/linux/tc_act */
const timesByAction: Readonly<Record<string, number>> = { connmark: 2, csum: 2, ct: 2, ife: 2, nat: 2, police: 6 };
const usualTimes = 1;
const timesBytes = 32;

/** struct tc_htb_glob: version, rate2quantum, defcls, debug, direct_pkts; all u32. include/uapi/linux/pkt_sched.h */
const TCA_HTB_INIT = 2;
const directPacketsAt = 16;

/** @returns the options of a classifier, in hex, with zeros for what counts by itself */
export function settleFilterOptions(kind: string, options: string): string {
  const moving = movingByKind[kind];
  if (moving === undefined) return options;
  const bytes = Uint8Array.fromHex(options);
  for (const { type, value } of decodeAttributes(bytes)) {
    if (type === moving.counts) value.fill(0);
    if (type === moving.actions) for (const action of decodeAttributes(value)) blankActionCounters(action.value);
  }
  return formatHex(bytes);
}

/** @returns the options of a qdisc, in hex, with zeros for what counts by itself */
export function settleQdiscOptions(kind: string, options: string): string {
  if (kind !== 'htb') return options;
  const bytes = Uint8Array.fromHex(options);
  for (const { type, value } of decodeAttributes(bytes)) {
    if (type === TCA_HTB_INIT) value.subarray(directPacketsAt, directPacketsAt + 4).fill(0);
  }
  return formatHex(bytes);
}

function blankActionCounters(action: Uint8Array): void {
  const attributes = decodeAttributes(action);
  const name = attributes.find(({ type }) => type === ACT.KIND)?.value ?? new Uint8Array();
  const times = timesByAction[new TextDecoder().decode(name).replace(/\0.*$/, '')] ?? usualTimes;
  for (const { type, value } of attributes) {
    if (type === ACT.STATS || type === ACT.IN_HW_COUNT) value.fill(0);
    if (type !== ACT.OPTIONS) continue;
    for (const option of decodeAttributes(value)) {
      if (option.type === times && option.value.byteLength === timesBytes) option.value.fill(0);
    }
  }
}
