import { iptablesProgram, type RulesTarget } from './choose-rules-targets.ts';
import { formatIptablesRule, formatNftRule } from './format-rule.ts';
import type { Rule } from './list-rules.ts';
import { type PresentRules, placeOf, type RulesPlace, readPresentRules } from './read-present-rules.ts';
import type { RulesAccess } from './rules-access.ts';

export type RulesChange = { readonly target: RulesTarget; readonly wanted: readonly Rule[] };

type PlaceChange = {
  readonly place: RulesPlace;
  readonly present: PresentRules;
  readonly wanted: readonly Rule[];
  readonly comment: string;
};

/**
 * Puts a network's wanted rules in the place of those that carry its comment now, and of no others. What belongs to one
 * program goes in one start of it, and the kernel takes a table's changes together or not at all.
 * @returns the commands that do the same
 * @throws RulesRefused; ProgramTimeout where another program holds the lock of iptables
 */
export function writeRules(changes: readonly RulesChange[], comment: string, access: RulesAccess): readonly string[] {
  const commands: string[] = [];
  const script: string[] = [];
  for (const { target, wanted } of changes) {
    const places = listPlaceChanges({ target, wanted }, comment, access);
    if (target.backend.kind === 'nftables') script.push(...places.flatMap((one) => listNftLines(one, target)));
    else commands.push(...restoreIptables(places, target, access));
  }
  if (script.length > 0) access.run('nft', ['-f', '-'], `${script.join('\n')}\n`);
  return [...commands, ...script.map((line) => `nft '${line}'`)];
}

function listPlaceChanges(
  { target, wanted }: RulesChange,
  comment: string,
  access: RulesAccess,
): readonly PlaceChange[] {
  return [...readPresentRules(target, comment, access)]
    .map(([hook, present]) => ({
      place: placeOf(target.backend, hook),
      present,
      wanted: wanted.filter((rule) => rule.hook === hook),
      comment,
    }))
    .filter((change) => change.wanted.length > 0 || change.present.own.length > 0);
}

/** Seconds; iptables of the older kind lets one program at a time change rules. */
const XTABLES_WAIT_S = 10;

function restoreIptables(
  places: readonly PlaceChange[],
  { backend, family }: RulesTarget,
  access: RulesAccess,
): readonly string[] {
  if (places.length === 0) return [];
  const input: string[] = [];
  const commands: string[] = [];
  for (const { place, present, wanted, comment } of places) {
    const { table, chain, from } = place;
    const lines = [
      // From the last one on: each deletion moves those behind it.
      ...present.own.map(({ position }) => `-D ${chain} ${position}`).reverse(),
      ...wanted.map((rule) => `-A ${chain} ${formatIptablesRule(rule, comment)}`),
      // FORWARD first, as other tools end it with a REJECT.
      ...(present.hasJump || wanted.length === 0 ? [] : [`${from === 'FORWARD' ? '-I' : '-A'} ${from} -j ${chain}`]),
    ];
    input.push(`*${table}`, ...(present.hasChain ? [] : [`:${chain} - [0:0]`]), ...lines, 'COMMIT');
    const program = `${iptablesProgram(backend, family, '')} -t ${table}`;
    commands.push(...[...(present.hasChain ? [] : [`-N ${chain}`]), ...lines].map((line) => `${program} ${line}`));
  }
  const waitS = Math.min(XTABLES_WAIT_S, Math.ceil(access.remainingMs() / 2000));
  const parameters = ['--noflush', '--wait', String(waitS)];
  access.run(iptablesProgram(backend, family, '-restore'), parameters, `${input.join('\n')}\n`);
  return commands;
}

/** Adding a table or chain that exists changes nothing, as long as no policy is named. */
function listNftLines({ place, present, wanted, comment }: PlaceChange, { family }: RulesTarget): readonly string[] {
  const { table, chain, from } = place;
  const protocol = family === 'inet' ? 'ip' : 'ip6';
  const ours = `${protocol} ${table} ${chain}`;
  const deletions = present.own.map(({ handle }) => `delete rule ${ours} handle ${handle}`);
  if (wanted.length === 0) return deletions;
  const additions = wanted.map((rule) => `add rule ${ours} ${formatNftRule(rule, protocol, comment)}`);
  const start = [`add table ${protocol} ${table}`];
  if (from === undefined) {
    return [...start, `add chain ${ours} { type nat hook postrouting priority 100; }`, ...deletions, ...additions];
  }
  const above = `${protocol} ${table} ${from}`;
  if (!present.hasFromChain) start.push(`add chain ${above} { type filter hook forward priority 0; }`);
  const jump = present.hasJump ? [] : [`insert rule ${above} counter jump ${chain}`];
  return [...start, `add chain ${ours}`, ...deletions, ...additions, ...jump];
}
