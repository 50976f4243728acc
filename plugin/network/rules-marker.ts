import { readText, replaceTextFile } from '#plugin/netlink/file-calls.ts';
import type { NetlinkSocket } from '#plugin/netlink/netlink-socket.ts';
import { listNftablesRules, type NftablesChain, type NftablesRule } from '#plugin/netlink/read-nftables-chain.ts';
import { readNftablesGeneration } from '#plugin/netlink/read-nftables-generation.ts';
import { NFPROTO, type RulesTarget } from './choose-rules-targets.ts';
import { placeOf } from './read-present-rules.ts';

/** What a node remembers of a network's rules until it restarts. */
export type RulesMarker = {
  /** The demand but for its subnets, and the boot and root namespace in which it was met. */
  readonly key: string;
  /** Subnets that the network has now or had before and pods still use. */
  readonly subnets: readonly string[];
  readonly targets: readonly RulesTarget[];
  /** Of nf_tables, when the evidence was last seen to hold. */
  readonly generation: number | undefined;
  /** Our rules in nf_tables; empty where all of them are in the older filter. */
  readonly evidence: readonly ChainEvidence[];
};

/**
 * Digests of a chain's rules in their order: those of one network, or the jumps to its chain. The engine's own digest: a
 * marker that a version with another one wrote is no proof, and the rules are set again.
 */
type ChainEvidence = NftablesChain & { readonly rules: readonly string[] };

export function readRulesMarker(path: string): RulesMarker | undefined {
  try {
    return JSON.parse(readText(path)) as RulesMarker;
  } catch {
    return undefined;
  }
}

/** Appears complete or not at all. */
export function writeRulesMarker(path: string, marker: RulesMarker): void {
  replaceTextFile(path, `${JSON.stringify(marker)}\n`, 0o600);
}

/** What nf_tables has of a network: the rules with its comment, and the jumps to their chains. Empty where it has none. */
export function collectEvidence(
  targets: readonly RulesTarget[],
  comment: string,
  socket: NetlinkSocket,
): readonly ChainEvidence[] {
  const inNftables = targets.filter(({ backend }) => backend.kind !== 'iptables-legacy');
  return inNftables.flatMap(({ backend, family: name, hooks }) =>
    hooks.flatMap((hook) => {
      const { table, chain, from } = placeOf(backend, hook);
      const family = NFPROTO[name];
      const readEvidence = (where: string, isOurs: (rule: NftablesRule) => boolean): ChainEvidence => ({
        ...{ family, table, chain: where },
        rules: listNftablesRules(socket, { family, table, chain: where })
          .filter(isOurs)
          .map(({ content }) => Bun.hash(content).toString(16)),
      });
      const own = readEvidence(chain, (rule) => rule.comment === comment);
      if (own.rules.length === 0) return [];
      return from === undefined ? [own] : [own, readEvidence(from, ({ jumpTarget }) => jumpTarget === chain)];
    }),
  );
}

/**
 * Whether the rules that the marker tells of are still there, complete and in order, without starting a program: the same
 * generation of nf_tables, or else the same evidence as when they were written. Of the older filter there is no such
 * proof: the marker is believed (docs/adr/0009-proof-of-rules.md).
 * @returns the marker, with the generation in which it was found to hold; undefined where it does not
 */
export function proveRulesMarker(marker: RulesMarker, comment: string, socket: NetlinkSocket): RulesMarker | undefined {
  const generation = readNftablesGeneration(socket);
  if (generation !== undefined && generation === marker.generation) return marker;
  const evidence = collectEvidence(marker.targets, comment, socket);
  return JSON.stringify(evidence) === JSON.stringify(marker.evidence) ? { ...marker, generation } : undefined;
}
