import { hasNftablesChain, listNftablesRules } from '#plugin/netlink/read-nftables-chain.ts';
import { iptablesProgram, listLegacyTables, NFPROTO, type RulesBackend } from './choose-rules-targets.ts';
import type { AddressFamily } from './ip-address.ts';
import { placeOf, type RulesPlace } from './read-present-rules.ts';
import { RulesAccess } from './rules-access.ts';

const FAMILIES = ['inet', 'inet6'] as const;
const HOOKS = ['forward', 'postrouting'] as const;
const IN_NFTABLES: readonly RulesBackend[] = [
  { kind: 'iptables-nft', suffix: '-nft' },
  { kind: 'nftables', suffix: '' },
];
const LEGACY: RulesBackend = { kind: 'iptables-legacy', suffix: '-legacy' };

/**
 * Takes Podwire's chains with all that is in them out of both packet filters, and the jumps to them. Chains and tables of others stay.
 * @returns the commands that do the same; empty where nothing is there
 * @throws RulesRefused; ProgramTimeout
 */
export function removeAllRules(timeoutMs: number): readonly string[] {
  using access = new RulesAccess(() => timeoutMs);
  const script = FAMILIES.flatMap((family) => listNftLines(family, access));
  if (script.length > 0) access.run('nft', ['-f', '-'], `${script.join('\n')}\n`);
  return [...script.map((line) => `nft '${line}'`), ...FAMILIES.flatMap((family) => removeLegacy(family, access))];
}

function listNftLines(family: AddressFamily, access: RulesAccess): readonly string[] {
  const protocol = family === 'inet' ? 'ip' : 'ip6';
  const places = new Map(
    IN_NFTABLES.flatMap((backend) => HOOKS.map((hook) => placeOf(backend, hook))).map((place) => [
      place.table + place.chain,
      place,
    ]),
  );
  return [...places.values()].flatMap(({ table, chain, from }) => {
    if (!hasNftablesChain(access.socket, { family: NFPROTO[family], table, chain })) return [];
    if (from === undefined) return [`delete table ${protocol} ${table}`];
    const jumps = listNftablesRules(access.socket, { family: NFPROTO[family], table, chain: from });
    return [
      ...jumps
        .filter(({ jumpTarget }) => jumpTarget === chain)
        .map(({ handle }) => `delete rule ${protocol} ${table} ${from} handle ${handle}`),
      `flush chain ${protocol} ${table} ${chain}`,
      `delete chain ${protocol} ${table} ${chain}`,
    ];
  });
}

/** Only where the kernel says that the table is in use: its own program would put it into use. */
function removeLegacy(family: AddressFamily, access: RulesAccess): readonly string[] {
  const used = listLegacyTables(family);
  return HOOKS.map((hook) => placeOf(LEGACY, hook))
    .filter(({ table }) => used.includes(table))
    .flatMap((place) => removeLegacyChain(family, place, access));
}

function removeLegacyChain(
  family: AddressFamily,
  { table, chain, from }: RulesPlace,
  access: RulesAccess,
): readonly string[] {
  const saved = access.run(iptablesProgram(LEGACY, family, '-save'), ['-t', table]).split('\n');
  if (!saved.some((line) => line.startsWith(`:${chain} `))) return [];
  const jumps = saved.filter((line) => line === `-A ${from} -j ${chain}`).map(() => `-D ${from} -j ${chain}`);
  const lines = [...jumps, `-F ${chain}`, `-X ${chain}`];
  const input = [`*${table}`, ...lines, 'COMMIT', ''].join('\n');
  access.run(iptablesProgram(LEGACY, family, '-restore'), ['--noflush', '--wait', '10'], input);
  return lines.map((line) => `${iptablesProgram(LEGACY, family, '')} -t ${table} ${line}`);
}
