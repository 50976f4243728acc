import { AF } from '#plugin/netlink/netlink-tables.ts';
import { nodeFs } from '#plugin/netlink/node-fs.ts';
import { hasNftablesChain } from '#plugin/netlink/read-nftables-chain.ts';
import { findRulesObstacle } from './find-rules-obstacle.ts';
import type { AddressFamily } from './ip-address.ts';
import { familiesOf, type RulesDemand, type RulesHook } from './list-rules.ts';
import type { RulesAccess } from './rules-access.ts';
import { findProgram, RulesRefused } from './run-program.ts';

/** The kernel has two packet filters side by side; iptables speaks to one or the other, nft to the newer one. */
export type RulesBackend = {
  readonly kind: 'iptables-nft' | 'iptables-legacy' | 'nftables';
  /** `iptables<suffix>-restore`: empty where the plain name is of this kind. */
  readonly suffix: '' | '-nft' | '-legacy';
};

export type RulesTarget = {
  readonly backend: RulesBackend;
  readonly family: AddressFamily;
  readonly hooks: readonly RulesHook[];
};

/** enum of address families that are also NFPROTO_IPV4 and NFPROTO_IPV6. include/uapi/linux/netfilter.h */
export const NFPROTO: Readonly<Record<AddressFamily, number>> = { inet: AF.INET, inet6: AF.INET6 };

const NATIVE: RulesBackend = { kind: 'nftables', suffix: '' };

/** kubelet and kube-proxy mark the filter they use (kubernetes.io, "kubelet: IPTablesOwnershipCleanup"; KEP-3178). */
const KUBE_HINTS = ['KUBE-IPTABLES-HINT', 'KUBE-KUBELET-CANARY', 'KUBE-PROXY-CANARY'];

/**
 * Where the rules of a network go. One backend gets all of them; where the other filter has a FORWARD chain too, that one
 * gets the accepting rules as well: a packet has to pass both, and what one accepts the other may still drop.
 * @throws RulesRefused where the node has no program for it
 */
export function chooseRulesTargets(demand: RulesDemand, access: RulesAccess): readonly RulesTarget[] {
  const found = findIptables(access);
  const backend = chooseBackend(demand.backend, found, access);
  return familiesOf(demand).flatMap((family): readonly RulesTarget[] => {
    const main: RulesTarget = { backend, family, hooks: ['forward', 'postrouting'] };
    const other = findOtherForward({ backend, family }, found, access);
    return other === undefined ? [main] : [main, { backend: other, family, hooks: ['forward'] }];
  });
}

type FoundIptables = {
  readonly nft: RulesBackend | undefined;
  readonly legacy: RulesBackend | undefined;
  /** What the plain name `iptables` is. */
  readonly plain: RulesBackend | undefined;
};

function chooseBackend(wanted: RulesDemand['backend'], found: FoundIptables, access: RulesAccess): RulesBackend {
  const obstacle = findRulesObstacle(wanted);
  if (obstacle !== undefined) throw new RulesRefused(obstacle);
  return (wanted === 'nftables' ? undefined : chooseIptables(found, access)) ?? NATIVE;
}

/** The kind that kubelet or kube-proxy use, or else what the node's administrator made the default. */
function chooseIptables({ nft, legacy, plain }: FoundIptables, access: RulesAccess): RulesBackend | undefined {
  if (nft === undefined || legacy === undefined) return nft ?? legacy;
  const hasNftHint = Object.values(NFPROTO).some((family) =>
    KUBE_HINTS.some((chain) => hasNftablesChain(access.socket, { family, table: 'mangle', chain })),
  );
  if (hasNftHint) return nft;
  return hasLegacyHint(legacy, access) ? legacy : (plain ?? nft);
}

function hasLegacyHint(legacy: RulesBackend, access: RulesAccess): boolean {
  if (!listLegacyTables('inet').includes('mangle')) return false;
  const saved = access.run(iptablesProgram(legacy, 'inet', '-save'), ['-t', 'mangle']);
  return KUBE_HINTS.some((chain) => saved.includes(`:${chain} `));
}

function findOtherForward(
  { backend, family }: Pick<RulesTarget, 'backend' | 'family'>,
  { nft, legacy }: FoundIptables,
  access: RulesAccess,
): RulesBackend | undefined {
  if (backend.kind !== 'iptables-legacy') return listLegacyTables(family).includes('filter') ? legacy : undefined;
  const forward = { family: NFPROTO[family], table: 'filter', chain: 'FORWARD' };
  return hasNftablesChain(access.socket, forward)
    ? (nft ?? (findProgram('nft') === undefined ? undefined : NATIVE))
    : undefined;
}

/** Tables of the older filter that are in use. Asking its own program instead would put them into use. */
export function listLegacyTables(family: AddressFamily): readonly string[] {
  try {
    return nodeFs()
      .readFileSync(`/proc/self/net/${family === 'inet' ? 'ip' : 'ip6'}_tables_names`, 'utf8')
      .split('\n');
  } catch {
    return [];
  }
}

function findIptables(access: RulesAccess): FoundIptables {
  const path = findProgram('iptables-restore');
  const kind = path === undefined ? undefined : readKind(path, access);
  const plain: RulesBackend | undefined = kind === undefined ? undefined : { kind, suffix: '' };
  const find = (wanted: 'iptables-nft' | 'iptables-legacy', suffix: '-nft' | '-legacy'): RulesBackend | undefined => {
    if (plain?.kind === wanted) return plain;
    return findProgram(`iptables${suffix}-restore`) === undefined ? undefined : { kind: wanted, suffix };
  };
  return { nft: find('iptables-nft', '-nft'), legacy: find('iptables-legacy', '-legacy'), plain };
}

/** The distributions link the plain name to `xtables-nft-multi` or `xtables-legacy-multi`; a wrapper has to be asked. */
function readKind(path: string, access: RulesAccess): 'iptables-nft' | 'iptables-legacy' {
  const real = nodeFs().realpathSync(path);
  const name = real.slice(real.lastIndexOf('/') + 1);
  if (name.includes('legacy')) return 'iptables-legacy';
  if (name.includes('nft')) return 'iptables-nft';
  const version = access.run('iptables', ['--version']);
  return version.includes('nf_tables') ? 'iptables-nft' : 'iptables-legacy';
}

export function iptablesProgram(
  { suffix }: RulesBackend,
  family: AddressFamily,
  action: '' | '-save' | '-restore',
): string {
  return `${family === 'inet' ? 'iptables' : 'ip6tables'}${suffix}${action}`;
}
