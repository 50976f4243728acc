import { existsSync } from 'node:fs';
import { type LegacyFamily, listLegacyFamilies } from '#plugin/netlink/digest-legacy-tables.ts';
import type { NetlinkSocket } from '#plugin/netlink/netlink-socket.ts';
import { readNftablesGeneration, untouchedGeneration } from '#plugin/netlink/read-nftables-generation.ts';

/** Tells two states of a namespace's rulesets apart without reading them: the tools that print them are dear. */
export interface RulesMark {
  /** `undefined` where the kernel has no nf_tables. */
  readonly nftables: number | undefined;
  /** `''` where no legacy table is in use. */
  readonly legacy: string;
}

/** What this kernel has at all: where it has no legacy tables and no sets, no namespace has to be asked for them. */
export interface RuleKinds {
  readonly legacy: readonly LegacyFamily[];
  readonly hasIpsets: boolean;
}

export const findRuleKinds = (): RuleKinds => ({
  legacy: listLegacyFamilies(),
  // To ask a kernel that has no sets would load the module.
  hasIpsets: existsSync('/sys/module/ip_set'),
});

/**
 * @param legacy from inside the namespace: `digestLegacyTables`
 * @param netfilter a socket of the protocol NETLINK.NETFILTER that belongs to the namespace
 */
export function readRulesMark(netfilter: NetlinkSocket, legacy: RulesMark['legacy']): RulesMark {
  return { nftables: readNftablesGeneration(netfilter), legacy };
}

export const isSameMark = (one: RulesMark | undefined, other: RulesMark): boolean =>
  one !== undefined && one.nftables === other.nftables && one.legacy === other.legacy;

/** Nobody ever made a rule. */
export const isUntouched = ({ nftables, legacy }: RulesMark): boolean =>
  (nftables === undefined || nftables === untouchedGeneration) && legacy === '';
