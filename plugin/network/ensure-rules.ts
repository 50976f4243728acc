import { closeFile, inFolderOf, OPEN, openFile } from '#plugin/netlink/file-calls.ts';
import { readNftablesGeneration } from '#plugin/netlink/read-nftables-generation.ts';
import { waitForLock } from '#plugin/netlink/wait-for-lock.ts';
import { chooseRulesTargets, type RulesTarget } from './choose-rules-targets.ts';
import { formatIpPrefix, type IpPrefix, parseIpPrefix } from './ip-address.ts';
import { listRules, type RulesDemand, type RulesHook, rulesComment } from './list-rules.ts';
import { placeOf } from './read-present-rules.ts';
import { type RemainingMs, RulesAccess } from './rules-access.ts';
import {
  collectEvidence,
  proveRulesMarker,
  type RulesMarker,
  readRulesMarker,
  writeRulesMarker,
} from './rules-marker.ts';
import { type RulesChange, writeRules } from './write-rules.ts';

export type RulesNode = {
  /** PODWIRE_RUN: gone after a restart of the node, like the rules. */
  readonly runDirectory: string;
  /** Boot and root namespace: a marker of another kernel state is none. */
  readonly bootId: string;
  readonly remainingMs: RemainingMs;
  /** Whether a pod still has an address in a subnet that the network had before. */
  readonly isSubnetInUse: (subnet: IpPrefix) => boolean;
};

export type EnsuredRules = {
  /** The lines that do what had to be done; empty where nothing had. */
  readonly commands: readonly string[];
  readonly markerPath: string;
};

/**
 * Sets the rules of a network once per node, not once per pod: a marker tells where they are, and the kernel is asked whether
 * they still are. Only where not, programs start. Subnets that the network had before keep their rules while pods use them.
 * @throws RulesRefused; LockTimeout, ProgramTimeout
 */
export function ensureRules(demand: RulesDemand, node: RulesNode): EnsuredRules {
  const markerPath = rulesMarkerPath(demand, node);
  if (areRulesProven(demand, node)) return { commands: [], markerPath };
  return withRulesLock(node, () => {
    if (areRulesProven(demand, node)) return { commands: [], markerPath };
    return { commands: replaceRules(demand, node), markerPath };
  });
}

/**
 * The same for who has seen that rules are missing, also where the marker would be believed.
 * @returns the lines that do the same
 * @throws RulesRefused; LockTimeout, ProgramTimeout
 */
export function restoreRules(demand: RulesDemand, node: RulesNode): readonly string[] {
  return withRulesLock(node, () => replaceRules(demand, node));
}

/**
 * Takes away the rules of subnets that the network no longer has and no pod uses any more.
 * @returns the lines that do the same
 * @throws RulesRefused; LockTimeout, ProgramTimeout
 */
export function pruneRules(demand: RulesDemand, node: RulesNode): readonly string[] {
  const hasUnused = (): boolean => listFormerSubnets(demand, node).some((subnet) => !node.isSubnetInUse(subnet));
  if (!hasUnused()) return [];
  return withRulesLock(node, () => (hasUnused() ? replaceRules(demand, node) : []));
}

export function rulesMarkerPath({ network }: RulesDemand, { runDirectory }: Pick<RulesNode, 'runDirectory'>): string {
  return `${runDirectory}/rules/${rulesComment(network)}.json`;
}

/** What the rules of every subnet have in common. */
export function rulesKey(demand: RulesDemand, { bootId }: Pick<RulesNode, 'bootId'>): string {
  const { gatewayLinkName, bridgeName, isMasqueraded, clusterCidrs, backend } = demand;
  return JSON.stringify([
    bootId,
    bridgeName,
    gatewayLinkName,
    isMasqueraded,
    clusterCidrs.map(formatIpPrefix),
    backend ?? 'any',
  ]);
}

/**
 * Whether the marker tells of these rules and, as far as it can be asked without a program, the kernel has them still. It is asked
 * anew each time, as others change rules too; its answer is remembered.
 */
export function areRulesProven(demand: RulesDemand, node: RulesNode): boolean {
  const markerPath = rulesMarkerPath(demand, node);
  const marker = readRulesMarker(markerPath);
  if (marker?.key !== rulesKey(demand, node)) return false;
  if (!demand.subnets.every((subnet) => marker.subnets.includes(formatIpPrefix(subnet)))) return false;
  if (marker.evidence.length === 0) return true;
  using access = new RulesAccess(node.remainingMs);
  const proven = proveRulesMarker(marker, rulesComment(demand.network), access.socket);
  if (proven !== undefined && proven !== marker) writeRulesMarker(markerPath, proven);
  return proven !== undefined;
}

function withRulesLock<T>({ runDirectory, remainingMs }: RulesNode, work: () => T): T {
  const path = `${runDirectory}/rules.lock`;
  const fd = inFolderOf(path, () => openFile(path, OPEN.WRITE | OPEN.CREATE, 0o600));
  try {
    waitForLock(fd, path, remainingMs());
    return work();
  } finally {
    closeFile(fd);
  }
}

/** Only under the lock: positions of rules are read and used. */
function replaceRules(demand: RulesDemand, node: RulesNode): readonly string[] {
  using access = new RulesAccess(node.remainingMs);
  const markerPath = rulesMarkerPath(demand, node);
  const comment = rulesComment(demand.network);
  const former = listFormerSubnets(demand, node).filter((subnet) => node.isSubnetInUse(subnet));
  const whole: RulesDemand = { ...demand, subnets: [...demand.subnets, ...former] };
  const targets = chooseRulesTargets(whole, access);
  const changes: readonly RulesChange[] = [
    ...targets.map((target) => ({
      target,
      wanted: listRules(whole, target.family).filter(({ hook }) => target.hooks.includes(hook)),
    })),
    ...listAbandoned(readRulesMarker(markerPath), targets).map((target) => ({ target, wanted: [] })),
  ];
  const commands = writeRules(changes, comment, access);
  const generation = readNftablesGeneration(access.socket);
  const evidence = collectEvidence(targets, comment, access.socket);
  const marker: RulesMarker = {
    key: rulesKey(demand, node),
    subnets: whole.subnets.map(formatIpPrefix),
    ...{ targets, generation, evidence },
  };
  writeRulesMarker(markerPath, marker);
  return commands;
}

/** Where an earlier demand put rules and the present one puts none. iptables and nft share the table of FORWARD. */
function listAbandoned(previous: RulesMarker | undefined, targets: readonly RulesTarget[]): readonly RulesTarget[] {
  const keyOf = ({ backend, family }: RulesTarget, hook: RulesHook): string =>
    JSON.stringify([backend.kind === 'iptables-legacy', family, placeOf(backend, hook).table]);
  const used = new Set(targets.flatMap((target) => target.hooks.map((hook) => keyOf(target, hook))));
  return (previous?.targets ?? [])
    .map((target) => ({ ...target, hooks: target.hooks.filter((hook) => !used.has(keyOf(target, hook))) }))
    .filter(({ hooks }) => hooks.length > 0);
}

function listFormerSubnets(demand: RulesDemand, node: RulesNode): readonly IpPrefix[] {
  const present = new Set(demand.subnets.map(formatIpPrefix));
  return (readRulesMarker(rulesMarkerPath(demand, node))?.subnets ?? [])
    .filter((text) => !present.has(text))
    .map(parseIpPrefix)
    .filter((subnet) => subnet !== undefined);
}
