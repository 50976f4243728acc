import type { spawnSync as SpawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { waitForLock } from '#plugin/netlink/wait-for-lock.ts';
import { hashText } from './hash-text.ts';
import { type AddressFamily, formatIpPrefix, type IpPrefix } from './ip-address.ts';

export type RulesDemand = {
  readonly bridgeName: string;
  readonly subnets: readonly IpPrefix[];
  /** Traffic that leaves the subnets gets the node's address. */
  readonly isMasqueraded: boolean;
  /** Destinations that see the pod's own address all the same: the other nodes' pods. */
  readonly clusterCidrs: readonly IpPrefix[];
};

export type RulesMarker = {
  /** PODWIRE_RUN: gone after a restart of the node, like the rules. */
  readonly runDirectory: string;
  /** Boot and root namespace: a marker of another kernel state is none. */
  readonly bootId: string;
  readonly remainingMs: RemainingMs;
};

/** How long a lock or a program may be waited for, asked anew each time. */
export type RemainingMs = () => number;

/** iptables is missing or refused; the message is its own. */
export class RulesRefused extends Error {
  override readonly name = 'RulesRefused';
}

/** A program that hung was ended. */
export class ProgramTimeout extends Error {
  override readonly name = 'ProgramTimeout';
}

type Rule = { readonly table: 'filter' | 'nat'; readonly chain: string; readonly text: string };

const FORWARD_CHAIN = 'PODWIRE-FORWARD';
const POSTROUTING_CHAIN = 'PODWIRE-POSTROUTING';
const MULTICAST: Readonly<Record<AddressFamily, string>> = { inet: '224.0.0.0/4', inet6: 'ff00::/8' };
const PROGRAM: Readonly<Record<AddressFamily, string>> = { inet: 'iptables', inet6: 'ip6tables' };

/** The jumps from the built-in chains. FORWARD first, as other tools end it with a REJECT. */
const JUMPS = [
  { table: 'filter', chain: 'FORWARD', text: `-j ${FORWARD_CHAIN}`, flag: '-I' },
  { table: 'nat', chain: 'POSTROUTING', text: `-j ${POSTROUTING_CHAIN}`, flag: '-A' },
] as const;

/** The rules of one network in one family, written as iptables-save prints them. */
function listRules(demand: RulesDemand, family: AddressFamily): readonly Rule[] {
  const { bridgeName, isMasqueraded } = demand;
  const ofFamily = (prefixes: readonly IpPrefix[]): readonly string[] =>
    prefixes.filter(({ address }) => address.family === family).map(formatIpPrefix);
  const forward = [`-i ${bridgeName} -j ACCEPT`, `-o ${bridgeName} -j ACCEPT`];
  const masquerade = ofFamily(demand.subnets).flatMap((subnet) => [
    ...new Set(
      [subnet, ...ofFamily(demand.clusterCidrs), MULTICAST[family]].map((to) => `-s ${subnet} -d ${to} -j RETURN`),
    ),
    `-s ${subnet} -j MASQUERADE`,
  ]);
  return [
    ...forward.map((text): Rule => ({ table: 'filter', chain: FORWARD_CHAIN, text })),
    ...(isMasqueraded ? masquerade : []).map((text): Rule => ({ table: 'nat', chain: POSTROUTING_CHAIN, text })),
  ];
}

const familiesOf = (demand: RulesDemand): readonly AddressFamily[] => [
  ...new Set(demand.subnets.map(({ address }) => address.family)),
];

/**
 * Sets the rules of a network once per node, not once per pod: a marker file remembers them until the node restarts.
 * @returns the `iptables` lines that do what had to be done, empty where the marker was there
 * @throws RulesRefused
 */
export function ensureRules(
  demand: RulesDemand,
  marker: RulesMarker,
): { readonly commands: readonly string[]; readonly markerPath: string } {
  const markerPath = `${marker.runDirectory}/rules-${hashText(JSON.stringify([demandKey(demand), marker.bootId])).toString(16)}`;
  if (hasFile(markerPath)) return { commands: [], markerPath };
  mkdirSync(marker.runDirectory, { recursive: true, mode: 0o755 });
  const lockPath = `${marker.runDirectory}/rules.lock`;
  const lockFd = openSync(lockPath, 'a', 0o600);
  try {
    waitForLock(lockFd, lockPath, marker.remainingMs());
    if (hasFile(markerPath)) return { commands: [], markerPath };
    const commands = familiesOf(demand).flatMap((family) => setMissingRules(demand, family, marker.remainingMs));
    writeFileSync(markerPath, `${JSON.stringify(demandKey(demand))}\n`);
    return { commands, markerPath };
  } finally {
    closeSync(lockFd);
  }
}

/** @returns the rules that are not there now, as `iptables` lines; empty when all is well */
export function findMissingRules(demand: RulesDemand, remainingMs: RemainingMs): readonly string[] {
  return familiesOf(demand).flatMap((family) => {
    const present = readPresentRules(family, remainingMs);
    const jumps = JUMPS.filter((jump) => demand.isMasqueraded || jump.table === 'filter');
    return [...jumps, ...listRules(demand, family)]
      .filter((rule) => !present.has(rule.table, rule.chain, rule.text))
      .map((rule) => describeRule(family, rule, '-A'));
  });
}

const demandKey = (demand: RulesDemand): readonly unknown[] => [
  demand.bridgeName,
  demand.subnets.map(formatIpPrefix),
  demand.isMasqueraded,
  demand.clusterCidrs.map(formatIpPrefix),
];

function hasFile(path: string): boolean {
  try {
    readFileSync(path);
    return true;
  } catch {
    return false;
  }
}

function describeRule(family: AddressFamily, rule: Rule, flag: string): string {
  return `${PROGRAM[family]} -t ${rule.table} ${flag} ${rule.chain} ${rule.text}`;
}

type PresentRules = {
  readonly has: (table: string, chain: string, text: string) => boolean;
  readonly hasChain: (table: string, chain: string) => boolean;
};

function readPresentRules(family: AddressFamily, remainingMs: RemainingMs): PresentRules {
  const lines = new Set<string>();
  let table = '';
  for (const line of runProgram([`${PROGRAM[family]}-save`], '', remainingMs()).split('\n')) {
    if (line.startsWith('*')) table = line.slice(1);
    else if (line.startsWith(':')) lines.add(`${table} ${line.split(' ')[0]}`);
    else lines.add(`${table} ${line}`);
  }
  return {
    has: (ruleTable, chain, text) => lines.has(`${ruleTable} -A ${chain} ${text}`),
    hasChain: (ruleTable, chain) => lines.has(`${ruleTable} :${chain}`),
  };
}

/** One `iptables-restore --noflush` for all that is missing: the kernel takes a table's changes together or not at all. */
function setMissingRules(demand: RulesDemand, family: AddressFamily, remainingMs: RemainingMs): readonly string[] {
  const present = readPresentRules(family, remainingMs);
  const wanted = listRules(demand, family);
  const commands: string[] = [];
  const input: string[] = [];
  for (const jump of JUMPS) {
    const rules = wanted.filter((rule) => rule.table === jump.table);
    if (rules.length === 0) continue;
    const chain = jump.text.slice(3);
    input.push(`*${jump.table}`);
    const add = (line: string): void => {
      input.push(line);
      commands.push(`${PROGRAM[family]} -t ${jump.table} ${line}`);
    };
    if (!present.hasChain(jump.table, chain)) {
      input.push(`:${chain} - [0:0]`);
      commands.push(`${PROGRAM[family]} -t ${jump.table} -N ${chain}`);
    }
    // Order decides in a chain that returns early: where one of a network's rules is missing, all are written again.
    if (!rules.every(({ text }) => present.has(jump.table, chain, text))) {
      for (const { text } of rules) if (present.has(jump.table, chain, text)) add(`-D ${chain} ${text}`);
      for (const { text } of rules) add(`-A ${chain} ${text}`);
    }
    if (!present.has(jump.table, jump.chain, jump.text)) add(`${jump.flag} ${jump.chain} ${jump.text}`);
    input.push('COMMIT');
  }
  runProgram([`${PROGRAM[family]}-restore`, '--noflush', '--wait'], `${input.join('\n')}\n`, remainingMs());
  return commands;
}

function runProgram([program = '', ...parameters]: readonly string[], input: string, timeoutMs: number): string {
  // Loaded when needed: once per node, while every ADD would pay for a static import.
  const { spawnSync } = process.getBuiltinModule('node:child_process') as { spawnSync: typeof SpawnSync };
  const path = `${process.env.PATH ?? ''}:/usr/sbin:/sbin:/usr/bin:/bin`;
  const outcome = spawnSync(program, parameters, {
    input,
    encoding: 'utf8',
    env: { ...process.env, PATH: path },
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  });
  if ((outcome.error as NodeJS.ErrnoException | undefined)?.code === 'ETIMEDOUT') {
    throw new ProgramTimeout(`${program} did not end within ${timeoutMs} ms`);
  }
  if (outcome.error !== undefined) throw new RulesRefused(`${program}: ${outcome.error.message}`);
  if (outcome.status !== 0) throw new RulesRefused(`${program} exited ${outcome.status}: ${outcome.stderr.trim()}`);
  return outcome.stdout;
}
