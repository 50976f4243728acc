import { digestLegacyTables } from '#plugin/netlink/digest-legacy-tables.ts';
import type { NetlinkSocket } from '#plugin/netlink/netlink-socket.ts';
import { readNftablesGeneration, untouchedGeneration } from '#plugin/netlink/read-nftables-generation.ts';

/** Tells two states of a namespace's rulesets apart without reading them: the tools that print them are dear. */
export interface RulesMark {
  /** `undefined` where the kernel has no nf_tables. */
  readonly nftables: number | undefined;
  /** `''` where no legacy table is in use. */
  readonly legacy: string;
}

/** The legacy half, which is read from inside the namespace. */
export const readLegacyMark = (): RulesMark['legacy'] => digestLegacyTables();

/** @param netfilter a socket of the protocol NETLINK.NETFILTER that belongs to the namespace */
export function readRulesMark(netfilter: NetlinkSocket, legacy: RulesMark['legacy']): RulesMark {
  return { nftables: readNftablesGeneration(netfilter), legacy };
}

export const isSameMark = (one: RulesMark | undefined, other: RulesMark): boolean =>
  one !== undefined && one.nftables === other.nftables && one.legacy === other.legacy;

/** Nobody ever made a rule. */
export const isUntouched = ({ nftables, legacy }: RulesMark): boolean =>
  (nftables === undefined || nftables === untouchedGeneration) && legacy === '';
