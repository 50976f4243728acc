import { hasNftablesChain } from '#plugin/netlink/read-nftables-chain.ts';
import {
  chooseRulesTargets,
  iptablesProgram,
  listLegacyTables,
  NFPROTO,
  type RulesTarget,
} from './choose-rules-targets.ts';
import { type RulesNode, rulesKey, rulesMarkerPath } from './ensure-rules.ts';
import { formatComment, formatIptablesRule, formatNftRule } from './format-rule.ts';
import { listRules, type RulesDemand, type RulesHook, rulesComment } from './list-rules.ts';
import { placeOf, type RulesPlace } from './read-present-rules.ts';
import { RulesAccess } from './rules-access.ts';
import { proveRulesMarker, readRulesMarker } from './rules-marker.ts';

/** A rule that a network needs and the kernel has not, or not in its place. */
export type MissingRule = {
  /** Where it belongs, as iptables names it: `ip filter FORWARD`. */
  readonly chain: string;
  /** What sets it by hand. */
  readonly command: string;
};

type AskingNode = Pick<RulesNode, 'runDirectory' | 'bootId' | 'remainingMs'>;

/** {@link listMissingRules} as commands. */
export function findMissingRules(demand: RulesDemand, node: AskingNode): readonly string[] {
  return listMissingRules(demand, node).map(({ command }) => command);
}

/**
 * Compares the rules that a network needs with those in the kernel: each there, in order, and the jump to them.
 * @returns what is missing; empty when all is well
 * @throws RulesRefused
 */
export function listMissingRules(demand: RulesDemand, node: AskingNode): readonly MissingRule[] {
  using access = new RulesAccess(node.remainingMs);
  const marker = readRulesMarker(rulesMarkerPath(demand, node));
  const known = marker?.key === rulesKey(demand, node) ? marker : undefined;
  const targets = known?.targets ?? chooseRulesTargets(demand, access);
  const isProven =
    known !== undefined && proveRulesMarker(known, rulesComment(demand.network), access.socket) !== undefined;
  return targets
    .filter(({ backend }) => !isProven || backend.kind === 'iptables-legacy')
    .flatMap((target) => target.hooks.flatMap((hook) => findMissing(demand, { target, hook }, access)));
}

function findMissing(
  demand: RulesDemand,
  { target, hook }: { readonly target: RulesTarget; readonly hook: RulesHook },
  access: RulesAccess,
): readonly MissingRule[] {
  const wanted = listRules(demand, target.family).filter((rule) => rule.hook === hook);
  if (wanted.length === 0) return [];
  const { backend, family } = target;
  const comment = rulesComment(demand.network);
  const place = placeOf(backend, hook);
  const isNative = backend.kind === 'nftables';
  const protocol = family === 'inet' ? 'ip' : 'ip6';
  const texts = isNative
    ? wanted.map((rule) => formatNftRule(rule, protocol, comment))
    : wanted.map((rule) => `-A ${place.chain} ${formatIptablesRule(rule, comment)}`);
  const { rules, hasJump } = isNative
    ? readNative(place, family, access)
    : readSaved({ target, place, comment: formatComment(comment) }, access);
  const missing = findFirstGap(texts, rules);
  const above = isNative
    ? `nft 'insert rule ${protocol} ${place.table} ${place.from} counter jump ${place.chain}'`
    : `${iptablesProgram(backend, family, '')} -t ${place.table} -I ${place.from} -j ${place.chain}`;
  const start = isNative
    ? `nft add rule ${protocol} ${place.table} ${place.chain}`
    : `${iptablesProgram(backend, family, '')} -t ${place.table}`;
  const chainOf = (name: string): string => `${protocol} ${place.table} ${name}`;
  return [
    ...(hasJump ? [] : [{ chain: chainOf(place.from ?? place.chain), command: above }]),
    ...missing.map((text) => ({ chain: chainOf(place.chain), command: `${start} ${text}` })),
  ];
}

/** Other rules may stand between ours; ours have to be all there and follow each other. */
function findFirstGap(wanted: readonly string[], present: readonly string[]): readonly string[] {
  let at = -1;
  for (const [index, text] of wanted.entries()) {
    at = present.indexOf(text, at + 1);
    if (at < 0) return wanted.slice(index);
  }
  return [];
}

type SavedRules = { readonly rules: readonly string[]; readonly hasJump: boolean };

function readSaved(
  { target, place, comment }: { readonly target: RulesTarget; readonly place: RulesPlace; readonly comment: string },
  access: RulesAccess,
): SavedRules {
  const { backend, family } = target;
  const { table, chain, from } = place;
  const isAbsent = backend.kind === 'iptables-legacy' && !listLegacyTables(family).includes(table);
  const lines = isAbsent ? [] : access.run(iptablesProgram(backend, family, '-save'), ['-t', table]).split('\n');
  return {
    rules: lines.filter((line) => line.startsWith(`-A ${chain} `) && line.includes(` --comment ${comment} `)),
    hasJump: lines.includes(`-A ${from} -j ${chain}`),
  };
}

function readNative(
  { table, chain, from }: RulesPlace,
  family: RulesTarget['family'],
  access: RulesAccess,
): SavedRules {
  const protocol = family === 'inet' ? 'ip' : 'ip6';
  const list = (name: string): readonly string[] => {
    if (!hasNftablesChain(access.socket, { family: NFPROTO[family], table, chain: name })) return [];
    const text = access.run('nft', ['--stateless', 'list', 'chain', protocol, table, name]);
    return text.split('\n').map((line) => line.trim());
  };
  return {
    rules: list(chain),
    hasJump: from === undefined || list(from).includes(`counter jump ${chain}`),
  };
}
