import type { PolicyRule } from '#model/kernel/kernel-snapshot.ts';
import { nameFamily } from './decode-address.ts';
import {
  type AttributeTable,
  type DecodedAttributes,
  describeAttributes,
  numberOf,
  optional,
  textOf,
  viewOf,
} from './decode-attributes.ts';

/** struct fib_rule_hdr: family, dst_len, src_len, tos, table, res1, res2, action (u8 each), flags u32. include/uapi/linux/fib_rules.h */
const fibRuleHeaderBytes = 12;

/** struct fib_rule_port_range and fib_rule_uid_range: two numbers. */
const decodePorts = (payload: Uint8Array): string => {
  const view = viewOf(payload);
  return `${view.getUint16(0, true)}-${view.getUint16(2, true)}`;
};

const ruleAttributes: AttributeTable = {
  1: ['FRA_DST', 'ip'],
  2: ['FRA_SRC', 'ip'],
  3: ['FRA_IIFNAME', 'string'],
  4: ['FRA_GOTO', 'u32'],
  6: ['FRA_PRIORITY', 'u32'],
  10: ['FRA_FWMARK', 'u32'],
  11: ['FRA_FLOW', 'u32'],
  12: ['FRA_TUN_ID', 'hex'],
  13: ['FRA_SUPPRESS_IFGROUP', 'i32'],
  14: ['FRA_SUPPRESS_PREFIXLEN', 'i32'],
  15: ['FRA_TABLE', 'u32'],
  16: ['FRA_FWMASK', 'u32'],
  17: ['FRA_OIFNAME', 'string'],
  19: ['FRA_L3MDEV', 'u8'],
  20: ['FRA_UID_RANGE', 'hex'],
  21: ['FRA_PROTOCOL', 'u8'],
  22: ['FRA_IP_PROTO', 'u8'],
  23: ['FRA_SPORT_RANGE', { decode: decodePorts }],
  24: ['FRA_DPORT_RANGE', { decode: decodePorts }],
};

/** FR_ACT_* */
const ruleActions: Readonly<Record<number, string>> = {
  1: 'lookup',
  2: 'goto',
  3: 'nop',
  6: 'blackhole',
  7: 'unreachable',
  8: 'prohibit',
};

/** FIB_RULE_INVERT: the rule holds for everything that does NOT match. */
const FIB_RULE_INVERT = 2;

/**
 * Reads the body of one RTM_NEWRULE.
 * @returns `undefined` for a family that is not IP
 */
export function decodePolicyRule(body: Uint8Array): PolicyRule | undefined {
  const view = viewOf(body);
  const family = nameFamily(view.getUint8(0));
  if (family === undefined) return undefined;
  const attributes = describeAttributes(body.subarray(fibRuleHeaderBytes), ruleAttributes);
  const action = ruleActions[view.getUint8(7)] ?? String(view.getUint8(7));
  const isInverted = (view.getUint32(8, true) & FIB_RULE_INVERT) !== 0;
  return {
    family,
    priority: numberOf(attributes, 'FRA_PRIORITY') ?? 0,
    ...optional('from', formatSelector(textOf(attributes, 'FRA_SRC'), view.getUint8(2))),
    ...optional('to', formatSelector(textOf(attributes, 'FRA_DST'), view.getUint8(1))),
    ...optional('inputLink', textOf(attributes, 'FRA_IIFNAME')),
    ...optional('outputLink', textOf(attributes, 'FRA_OIFNAME')),
    ...optional('mark', formatMark(attributes)),
    ...optional('table', action === 'lookup' ? (numberOf(attributes, 'FRA_TABLE') ?? view.getUint8(4)) : undefined),
    action,
    raw: {
      family,
      dst_len: view.getUint8(1),
      src_len: view.getUint8(2),
      tos: view.getUint8(3),
      action: view.getUint8(7),
      ...(isInverted ? { invert: true } : {}),
      ...attributes,
    },
  };
}

function formatSelector(ip: string | undefined, prefixLength: number): string | undefined {
  return ip === undefined ? undefined : `${ip}/${prefixLength}`;
}

function formatMark(attributes: DecodedAttributes): string | undefined {
  const mark = numberOf(attributes, 'FRA_FWMARK') ?? 0;
  const mask = numberOf(attributes, 'FRA_FWMASK') ?? 0;
  return mark === 0 && mask === 0 ? undefined : `0x${mark.toString(16)}/0x${mask.toString(16)}`;
}
