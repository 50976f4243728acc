import { hasNftablesChain, listNftablesRules } from '#plugin/netlink/read-nftables-chain.ts';
import {
  iptablesProgram,
  listLegacyTables,
  NFPROTO,
  type RulesBackend,
  type RulesTarget,
} from './choose-rules-targets.ts';
import { formatComment } from './format-rule.ts';
import { RULES_CHAIN, type RulesHook } from './list-rules.ts';
import type { RulesAccess } from './rules-access.ts';

/** Where a backend keeps the rules of a hook. */
export type RulesPlace = {
  readonly table: string;
  readonly chain: string;
  /** The chain that jumps to it; undefined where ours is on the hook itself. */
  readonly from: 'FORWARD' | 'POSTROUTING' | undefined;
};

/**
 * nft writes into the FORWARD chain of iptables, because only an accept in there counts against its policy. For
 * masquerading it has a table of its own: iptables would no longer understand its table `nat` with nft's rules in it.
 */
export function placeOf({ kind }: RulesBackend, hook: RulesHook): RulesPlace {
  const chain = RULES_CHAIN[hook];
  if (hook === 'forward') return { table: 'filter', chain, from: 'FORWARD' };
  return kind === 'nftables'
    ? { table: 'podwire', chain, from: undefined }
    : { table: 'nat', chain, from: 'POSTROUTING' };
}

/** What is there of a network in one place, without its texts. */
export type PresentRules = {
  readonly hasChain: boolean;
  readonly hasFromChain: boolean;
  readonly hasJump: boolean;
  /** Positions from 1, as `iptables -D` counts them; handles of nf_tables. */
  readonly own: readonly { readonly position: number; readonly handle: number }[];
};

const NOTHING: PresentRules = { hasChain: false, hasFromChain: false, hasJump: false, own: [] };

/**
 * nf_tables is read over netlink, in microseconds. The older filter can be read by its program only, which starts only
 * where the kernel says that the table is in use.
 */
export function readPresentRules(
  target: RulesTarget,
  comment: string,
  access: RulesAccess,
): ReadonlyMap<RulesHook, PresentRules> {
  if (target.backend.kind === 'iptables-legacy') return readLegacy(target, comment, access);
  return new Map(
    target.hooks.map((hook) => {
      const { table, chain, from } = placeOf(target.backend, hook);
      const family = NFPROTO[target.family];
      const jumps = from === undefined ? [] : listNftablesRules(access.socket, { family, table, chain: from });
      const rules = listNftablesRules(access.socket, { family, table, chain });
      const own = rules
        .map((rule, index) => ({ ...rule, position: index + 1 }))
        .filter((rule) => rule.comment === comment);
      return [
        hook,
        {
          hasChain: rules.length > 0 || hasNftablesChain(access.socket, { family, table, chain }),
          hasFromChain: from === undefined || hasNftablesChain(access.socket, { family, table, chain: from }),
          hasJump: from === undefined || jumps.some(({ jumpTarget }) => jumpTarget === chain),
          own,
        },
      ];
    }),
  );
}

function readLegacy(
  { backend, family, hooks }: RulesTarget,
  comment: string,
  access: RulesAccess,
): ReadonlyMap<RulesHook, PresentRules> {
  const tables = listLegacyTables(family);
  return new Map(
    hooks.map((hook) => {
      const { table, chain, from } = placeOf(backend, hook);
      if (!tables.includes(table)) return [hook, NOTHING];
      const lines = access.run(iptablesProgram(backend, family, '-save'), ['-t', table]).split('\n');
      const own = lines
        .filter((line) => line.startsWith(`-A ${chain} `))
        .map((line, index) => ({ line, position: index + 1, handle: 0 }))
        .filter(({ line }) => line.includes(` --comment ${formatComment(comment)} `));
      return [
        hook,
        {
          hasChain: lines.some((line) => line.startsWith(`:${chain} `)),
          hasFromChain: true,
          hasJump: lines.includes(`-A ${from} -j ${chain}`),
          own,
        },
      ];
    }),
  );
}
