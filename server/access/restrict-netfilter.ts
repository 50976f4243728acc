import type { Iptables, IptablesRule, Netfilter } from '#model/kernel/kernel-snapshot.ts';
import { findAddresses, type NodeSight, namesOnlyKnown } from './node-sight.ts';

/** Chains that are about the node, not about one pod or one service; built-in ones have a policy. */
const NODE_CHAINS =
  /^(PODWIRE-[A-Z]+|FLANNEL-[A-Z]+|KUBE-(SERVICES|NODEPORTS|POSTROUTING|MARK-MASQ|MARK-DROP|FORWARD|FIREWALL|PROXY-FIREWALL|PROXY-CANARY|KUBELET-CANARY|EXTERNAL-SERVICES)|CNI-HOSTPORT-[A-Z]+|CNI-FORWARD|DOCKER(-USER)?)$/;
const BUILT_IN = /^(PREROUTING|INPUT|FORWARD|OUTPUT|POSTROUTING)$/;
const TARGET = /^[A-Z][A-Za-z]*$/;
const COMMENT = /--comment ("(?:[^"\\]|\\.)*"|\S+)/g;
const LINK_OPTION = /^(-i|-o|--(in|out)-interface|--physdev-(in|out))$/;
/** Options whose value is one of a few words of iptables' own. */
const WORD_OPTION =
  /^(-p|-m|--(ctstate|state|ctdir|dst-type|src-type|limit-iface-(in|out)|reject-with|tcp-flags|mode|icmp-type|icmpv6-type|syn))$/;
/** Ports, marks with masks, probabilities, rates. */
const NUMBERS = /^(0x[0-9a-f]+|\d[\d.,:]*)(\/(0x[0-9a-f]+|sec|second|min|minute|hour|day))?$/;
/** The second value of `--tcp-flags`. */
const FLAGS = /^[A-Z]+(,[A-Z]+)*$/;

/**
 * The rules that name nothing but networks, shown links and known addresses, in chains of the node's own; their comments, free
 * words that often name pods and services, go. How many rules are left out is said among the problems, where the dashboard shows
 * what is not known. Rules as nft has them, and sets, are all left out: any of their expressions may hold a pod's address.
 */
export function restrictNetfilter(netfilter: Netfilter, sight: NodeSight): Netfilter {
  const iptables = netfilter.iptables.map((tables) => restrictIptables(tables, sight));
  const left = countRules(netfilter.iptables) - countRules(iptables);
  const nft = netfilter.nft.filter(isBaseChain);
  const others = netfilter.nft.length - nft.length + (netfilter.ipsets?.length ?? 0);
  return {
    iptables,
    nft,
    ...(netfilter.ipsets !== undefined && { ipsets: [] }),
    problems: [
      ...(left > 0 ? [`${left} rules of iptables ${WHY}`] : []),
      ...(others > 0 ? [`${others} rules, chains and sets of nftables and ipset ${WHY}`] : []),
      ...(netfilter.problems.length > 0 ? ['A part of netfilter could not be read.'] : []),
    ],
  };
}

const WHY = 'are not shown: they may be about pods of namespaces whose pods you may not list.';

const countRules = (all: readonly Iptables[]): number => all.reduce((sum, { rules }) => sum + rules.length, 0);

function restrictIptables(tables: Iptables, sight: NodeSight): Iptables {
  return {
    ...tables,
    chains: tables.chains.filter(({ chain, policy }) => policy !== undefined || isNodeChain(chain)),
    rules: tables.rules.flatMap((rule) => restrictRule(rule, sight) ?? []),
  };
}

const isNodeChain = (chain: string): boolean => BUILT_IN.test(chain) || NODE_CHAINS.test(chain);

function restrictRule(rule: IptablesRule, sight: NodeSight): IptablesRule | undefined {
  if (!isNodeChain(rule.chain)) return undefined;
  const text = rule.text.replace(COMMENT, '--comment "(not shown)"');
  const words = text.replaceAll('"(not shown)"', '').split(/\s+/);
  const isSeen = words.every((word, place) => isWordSeen(word, words[place - 1] ?? '', sight));
  return isSeen ? { ...rule, text } : undefined;
}

/** `option` is the word before. What is not known to be harmless is not shown: names of sets, strings to match, prefixes of logs. */
function isWordSeen(word: string, option: string, sight: NodeSight): boolean {
  if (word === '' || word === '!' || word.startsWith('-')) return true;
  if (LINK_OPTION.test(option)) return word.endsWith('+') || sight.rootLinkNames.has(word);
  if (option === '-A') return isNodeChain(word);
  if (option === '-j' || option === '-g') return TARGET.test(word) || isNodeChain(word);
  if (findAddresses(word).length > 0) return namesOnlyKnown(sight, word);
  return NUMBERS.test(word) || WORD_OPTION.test(option) || (FLAGS.test(option) && FLAGS.test(word));
}

/** Chains with a hook: their policies decide about every packet. */
function isBaseChain(entry: Netfilter['nft'][number]): boolean {
  const { chain } = entry;
  if (typeof chain !== 'object' || chain === null || Array.isArray(chain)) return entry.metainfo !== undefined;
  const { hook, comment, name, table } = chain as Readonly<Record<string, unknown>>;
  return (
    hook !== undefined && comment === undefined && [name, table].every((word) => /^[A-Za-z_-]+$/.test(String(word)))
  );
}
