import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import type { BridgeVlans } from '#model/kernel/bridge-vlans.ts';
import type { Link, NetnsId, NetworkNamespace } from '#model/kernel/kernel-snapshot.ts';
import type { BpfPrograms } from '#plugin/netlink/bpf-programs.ts';
import type { DecodedLink } from '#plugin/netlink/decode-link.ts';
import { digestLegacyTables } from '#plugin/netlink/digest-legacy-tables.ts';
import { NetlinkError, type NetlinkSocket, openNetlinkSocket } from '#plugin/netlink/netlink-socket.ts';
import { NETLINK } from '#plugin/netlink/netlink-tables.ts';
import { openNamespace, runBetween } from '#plugin/netlink/network-namespace.ts';
import { readBpfAttachments } from '#plugin/netlink/read-bpf-attachments.ts';
import { readIpsets } from '#plugin/netlink/read-ipsets.ts';
import { readLocalNetnsId } from '#plugin/netlink/read-local-netns-id.ts';
import type { TableReader } from '#plugin/netlink/read-namespace-tables.ts';
import { readWireguard } from '#plugin/netlink/read-wireguard.ts';
import { type FoundNamespace, ownNamespacePath } from './find-namespaces.ts';
import { keepKnown, keepNamespace, keepSame } from './keep-known.ts';
import { collectSysctls, type KnownNamespace, locateLower } from './known-namespace.ts';
import { type RuleKinds, readRulesMark } from './read-rules-mark.ts';
import type { SettingFiles } from './read-sysctls.ts';
import type { RulesGlance } from './refresh-netfilter.ts';

/** What a reading leans on. */
export interface ReadingContext {
  readonly tables: TableReader;
  readonly settings: SettingFiles;
  readonly programs: BpfPrograms;
  /** Every namespace of the node, to tell which one the other end of a link is in. */
  readonly all: ReadonlyMap<NetnsId, FoundNamespace>;
  /** Numbers that the root namespace gives to the others. */
  readonly rootNetnsIds: ReadonlyMap<number, NetnsId>;
  readonly ruleKinds: RuleKinds;
  readonly noteInterruptedDumps: (count: number) => void;
}

/** A namespace seen through sockets that belong to it. */
export interface NamespaceVisit<Inside> {
  readonly route: NetlinkSocket;
  readonly netfilter: NetlinkSocket;
  readonly inside: Inside;
  readonly fd: number;
  /** Goes inside once more, for what is known only after the sockets were asked; synchronous too. */
  readonly enter: <U>(work: () => U) => U;
}

/**
 * Reads something of a namespace, synchronously. The thread is inside only while it opens two sockets and runs `inside`;
 * every descriptor is closed before this returns, so that reading never keeps a dying namespace alive.
 * @returns `undefined` where the namespace is gone
 */
export function visitNamespace<Inside, T>(
  found: FoundNamespace,
  inside: () => Inside,
  work: (visit: NamespaceVisit<Inside>) => T,
): T | undefined {
  try {
    using handle = openDescriptor(found.openPath);
    // That it is a namespace was seen when it was found: its number says that it is still the same.
    if (String(fstatSync(handle.fd).ino) !== found.id) return undefined;
    using own = openDescriptor(ownNamespacePath);
    const opened = runBetween(own, handle.fd, () => ({
      route: openNetlinkSocket(NETLINK.ROUTE),
      netfilter: openNetlinkSocket(NETLINK.NETFILTER),
      inside: inside(),
    }));
    using route = opened.route;
    using netfilter = opened.netfilter;
    const enter = <U>(again: () => U): U => runBetween(own, handle.fd, again);
    return work({ route, netfilter, inside: opened.inside, fd: handle.fd, enter });
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

type OpenDescriptor = { readonly fd: number } & Disposable;

/** Non-blocking, as a FIFO in the place of a namespace would wait for somebody to write. */
function openDescriptor(path: string): OpenDescriptor {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  return { fd, [Symbol.dispose]: () => closeSync(fd) };
}

/** ENOENT and ESRCH: the name or the process is gone. EINVAL: the name is there, the namespace no longer bound to it. */
export function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && ['ENOENT', 'ESRCH', 'EINVAL'].includes(String(error.code));
}

/** One namespace as it was in one instant; its netfilter is that of `known`, beside what a glance at the rules tells. */
export interface NamespaceReading {
  readonly known: KnownNamespace;
  readonly glance: RulesGlance;
}

/** Looks at the state of the rulesets alone. */
export function glanceAtRules(found: FoundNamespace, { ruleKinds }: ReadingContext): RulesGlance | undefined {
  const inside = () => digestLegacyTables(ruleKinds.legacy);
  return visitNamespace(found, inside, (visit) => glance(visit.netfilter, visit.inside, ruleKinds));
}

function glance(netfilter: NetlinkSocket, legacy: string, { hasIpsets }: RuleKinds): RulesGlance {
  const mark = readRulesMark(netfilter, legacy);
  try {
    return { mark, ipsets: hasIpsets ? readIpsets(netfilter) : [], problems: [] };
  } catch (error) {
    if (error instanceof NetlinkError) return { mark, ipsets: [], problems: [error.message] };
    throw error;
  }
}

/**
 * Reads links, addresses, routes, rules, neighbours, fdb, nexthops, tc and sysctls of a namespace. What is as it was known
 * is the same object.
 * @returns `undefined` where the namespace is gone
 */
export function readNamespace(
  found: FoundNamespace,
  context: ReadingContext,
  known: KnownNamespace | undefined,
): NamespaceReading | undefined {
  const isRoot = found.kind === 'root';
  const inside = () => ({
    fileSysctls: context.settings.read(found.id, isRoot),
    legacy: digestLegacyTables(context.ruleKinds.legacy),
  });
  return visitNamespace(found, inside, (visit) => {
    const { route } = visit;
    const { tables } = context;
    const links = tables.readLinks(route);
    const localNetnsIds = isRoot ? context.rootNetnsIds : resolveLocalNetnsIds(route, { links, known, context });
    const before = known?.namespace;
    const { sysctls, ...settings } = collectSysctls(known, { links, fileSysctls: visit.inside.fileSysctls });
    const places = { found, localNetnsIds };
    const decoded = links.map(({ link }) => link);
    const namespace: NetworkNamespace = {
      id: found.id,
      names: keepSame(before?.names, [...found.names]),
      kind: found.kind,
      links: keepKnown(before?.links, locateAll(links, places, before)),
      addresses: keepKnown(before?.addresses, tables.readAddresses(route)),
      routes: keepKnown(before?.routes, tables.readRoutes(route)),
      rules: keepKnown(before?.rules, tables.readRules(route)),
      neighbours: keepKnown(before?.neighbours, tables.readNeighbours(route)),
      fdb: keepKnown(before?.fdb, tables.readFdb(route)),
      nextHops: keepKnown(before?.nextHops, tables.readNextHops(route)),
      trafficControl: keepSame(before?.trafficControl, tables.readTrafficControl(route)),
      bridgeVlans: keepSame(before?.bridgeVlans, readBridgeVlans(route, { links: decoded, context })),
      wireguard: keepSame(before?.wireguard, readWireguard(decoded, visit.enter)),
      bpf: keepSame(before?.bpf, readBpfAttachments(context.programs, { ...visit, links: decoded })),
      sysctls,
      ...(before?.netfilter === undefined ? {} : { netfilter: before.netfilter }),
    };
    context.noteInterruptedDumps(route.interruptedDumps);
    const state = { ...places, ...settings, rulesMark: known?.rulesMark };
    return {
      known: { ...state, namespace: keepNamespace(before, namespace) },
      glance: glance(visit.netfilter, visit.inside.legacy, context.ruleKinds),
    };
  });
}

/** Hardly any namespace but the root has a bridge. */
export const readBridgeVlans = (
  route: NetlinkSocket,
  { links, context }: { readonly links: readonly Link[]; readonly context: ReadingContext },
): BridgeVlans[] => (links.some(({ kind }) => kind === 'bridge') ? context.tables.readBridgeVlans(route) : []);

function locateAll(
  links: readonly DecodedLink[],
  places: Pick<KnownNamespace, 'found' | 'localNetnsIds'>,
  before: NetworkNamespace | undefined,
): NetworkNamespace['links'] {
  return links.map((link, place) => {
    const same = before?.links[place];
    return locateLower(link, places, same?.index === link.link.index ? same : undefined);
  });
}

/**
 * Finds out which namespaces the numbers stand for that links name. A number that was known stays so: it is given back only
 * when the namespace ends, and its link with it. Others are asked for, one known namespace after the other: the root comes
 * first and is the answer nearly always.
 */
export function resolveLocalNetnsIds(
  socket: NetlinkSocket,
  {
    links,
    known,
    context,
  }: {
    readonly links: readonly DecodedLink[];
    readonly known: KnownNamespace | undefined;
    readonly context: ReadingContext;
  },
): ReadonlyMap<number, NetnsId> {
  const resolved = new Map([...(known?.localNetnsIds ?? [])].filter(([, id]) => context.all.has(id)));
  const wanted = new Set(links.flatMap(({ linkNetnsid }) => linkNetnsid ?? []));
  for (const number of resolved.keys()) wanted.delete(number);
  if (wanted.size === 0) return resolved;
  for (const { id, openPath } of context.all.values()) {
    const number = askLocalNetnsId(socket, openPath);
    if (number === undefined || !wanted.delete(number)) continue;
    resolved.set(number, id);
    if (wanted.size === 0) break;
  }
  return resolved;
}

function askLocalNetnsId(socket: NetlinkSocket, path: string): number | undefined {
  try {
    using handle = openNamespace(path);
    return readLocalNetnsId(socket, handle.fd);
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}
