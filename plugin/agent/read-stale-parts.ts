import type { NetworkNamespace } from '#model/kernel/kernel-snapshot.ts';
import { equalJson } from '#model/topology/equal-json.ts';
import type { NetlinkSocket } from '#plugin/netlink/netlink-socket.ts';
import { readBpfAttachments } from '#plugin/netlink/read-bpf-attachments.ts';
import { keepKnown, keepNamespace, keepSame } from './keep-known.ts';
import { type KnownNamespace, locateLower, mergeSysctls, type Sysctls } from './known-namespace.ts';
import type { StalePart } from './patch-namespace.ts';
import {
  type ReadingContext,
  readBridgeVlans,
  readNamespace,
  resolveLocalNetnsIds,
  visitNamespace,
} from './read-namespace.ts';

export interface StaleParts {
  readonly stale: ReadonlySet<StalePart>;
  readonly staleLinks: ReadonlySet<number>;
}

/** From so many on, one dump is cheaper than a question for each. */
const fewLinks = 16;

/**
 * Reads those parts of a namespace that notifications do not tell.
 * @returns `undefined` where the namespace is gone
 */
export function readStaleParts(
  known: KnownNamespace,
  { stale, staleLinks }: StaleParts,
  context: ReadingContext,
): KnownNamespace | undefined {
  if (stale.size === 0 && staleLinks.size === 0) return known;
  if (stale.has('links') || staleLinks.size > fewLinks) {
    return readNamespace(known.found, context, known)?.known;
  }
  const isRoot = known.found.kind === 'root';
  const inside = () => (stale.has('sysctls') ? context.settings.read(known.found.id, isRoot) : known.fileSysctls);
  return visitNamespace(known.found, inside, (visit) => {
    const { route, inside: fileSysctls } = visit;
    const withLinks = readSingleLinks(route, { known, staleLinks, context });
    const before = withLinks.namespace;
    const { links, bpf } = before;
    const tables = {
      ...readTables(route, { before, stale, context }),
      ...(stale.has('bpf') && { bpf: keepSame(bpf, readBpfAttachments(context.programs, { ...visit, links })) }),
    };
    context.noteInterruptedDumps(route.interruptedDumps);
    const read = { ...withLinks, fileSysctls };
    const isSameSettings = fileSysctls === known.fileSysctls && read.linkSysctls === known.linkSysctls;
    const { sysctls: told } = known.namespace;
    const sysctls = isSameSettings ? told : keepSame(told, mergeSysctls(read));
    return { ...read, namespace: keepNamespace(known.namespace, { ...before, ...tables, sysctls }) };
  });
}

function readTables(
  route: NetlinkSocket,
  {
    before,
    stale,
    context,
  }: { readonly before: NetworkNamespace; readonly stale: ReadonlySet<StalePart>; readonly context: ReadingContext },
): Partial<NetworkNamespace> {
  const { tables } = context;
  return {
    ...(stale.has('addresses') && { addresses: keepKnown(before.addresses, tables.readAddresses(route)) }),
    ...(stale.has('routes') && { routes: keepKnown(before.routes, tables.readRoutes(route)) }),
    ...(stale.has('rules') && { rules: keepKnown(before.rules, tables.readRules(route)) }),
    ...(stale.has('neighbours') && { neighbours: keepKnown(before.neighbours, tables.readNeighbours(route)) }),
    ...(stale.has('fdb') && { fdb: keepKnown(before.fdb, tables.readFdb(route)) }),
    ...(stale.has('nextHops') && { nextHops: keepKnown(before.nextHops, tables.readNextHops(route)) }),
    ...(stale.has('trafficControl') && {
      trafficControl: keepSame(before.trafficControl, tables.readTrafficControl(route)),
    }),
    ...(stale.has('bridgeVlans') && {
      bridgeVlans: keepSame(before.bridgeVlans, readBridgeVlans(route, { links: before.links, context })),
    }),
  };
}

function readSingleLinks(
  route: NetlinkSocket,
  {
    known,
    staleLinks,
    context,
  }: { readonly known: KnownNamespace; readonly staleLinks: ReadonlySet<number>; readonly context: ReadingContext },
): KnownNamespace {
  if (staleLinks.size === 0) return known;
  const read = [...staleLinks].flatMap((index) => context.tables.readLink(route, index) ?? []);
  const isRoot = known.found.kind === 'root';
  const localNetnsIds = isRoot ? context.rootNetnsIds : resolveLocalNetnsIds(route, { links: read, known, context });
  const links = new Map(known.namespace.links.map((link) => [link.index as number, link]));
  let linkSysctls = known.linkSysctls;
  const change = (): Map<number, Sysctls> => {
    const copy = new Map(linkSysctls);
    linkSysctls = copy;
    return copy;
  };
  for (const index of staleLinks) {
    const decoded = read.find(({ link }) => link.index === index);
    if (decoded === undefined) {
      links.delete(index);
      if (linkSysctls.has(index)) change().delete(index);
    } else {
      links.set(index, locateLower(decoded, { found: known.found, localNetnsIds }, links.get(index)));
      if (!equalJson(linkSysctls.get(index), decoded.sysctls)) change().set(index, decoded.sysctls);
    }
  }
  const namespace = { ...known.namespace, links: keepKnown(known.namespace.links, [...links.values()]) };
  return { ...known, localNetnsIds, linkSysctls, namespace };
}
