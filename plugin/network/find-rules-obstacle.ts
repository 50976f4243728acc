import type { RulesDemand } from './list-rules.ts';
import { findProgram } from './run-program.ts';

/** Debian's names; other distributions have the plain one only. */
const IPTABLES = ['iptables-restore', 'iptables-nft-restore', 'iptables-legacy-restore'];

/**
 * Why no rule could be set on this node, and what to install; undefined where one could. Starts no program.
 * @param wanted `ipMasqBackend`
 */
export function findRulesObstacle(wanted: RulesDemand['backend']): string | undefined {
  const hasIptables = IPTABLES.some((name) => findProgram(name) !== undefined);
  const hasNft = findProgram('nft') !== undefined;
  if (wanted === 'iptables' && !hasIptables)
    return 'ipMasqBackend is "iptables" and this node has no iptables: install the package iptables';
  if (wanted === 'nftables' && !hasNft)
    return 'ipMasqBackend is "nftables" and this node has no nft: install the package nftables';
  if (hasIptables || hasNft) return undefined;
  return 'this node has neither iptables nor nft: install the package iptables or nftables';
}
