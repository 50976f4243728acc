import type { Link, NetnsId, NetworkNamespace } from '#model/kernel/kernel-snapshot.ts';
import type { DecodedLink } from '#plugin/netlink/decode-link.ts';
import { type NetlinkSocket, openNetlinkSocket } from '#plugin/netlink/netlink-socket.ts';
import { NETLINK } from '#plugin/netlink/netlink-tables.ts';
import { openNamespace, runInNamespace } from '#plugin/netlink/network-namespace.ts';
import { readLocalNetnsId } from '#plugin/netlink/read-local-netns-id.ts';
import { readNamespaceTables } from '#plugin/netlink/read-namespace-tables.ts';
import { readNftablesGeneration } from '#plugin/netlink/read-nftables-generation.ts';
import type { FoundNamespace } from './find-namespaces.ts';
import { readSysctls } from './read-sysctls.ts';

/** One namespace as it was in one instant, netfilter aside. */
export interface NamespaceReading {
  readonly namespace: NetworkNamespace;
  /** Generation of the nf_tables ruleset; `undefined` where the kernel has none. */
  readonly nftablesGeneration: number | undefined;
  /** Numbers that this namespace gives to others, as its links name them. */
  readonly localNetnsIds: ReadonlyMap<number, NetnsId>;
}

/**
 * Reads links, addresses, routes, rules, neighbours, fdb and sysctls of a namespace, synchronously. The thread is inside
 * only while it opens two sockets and reads sysctls; every descriptor is closed before this returns, so that reading
 * never keeps a dying namespace alive.
 * @param all every namespace of the node, to tell which one the other end of a link is in
 * @returns `undefined` where the namespace is gone
 */
export function readNamespace(found: FoundNamespace, all: readonly FoundNamespace[]): NamespaceReading | undefined {
  try {
    using handle = openNamespace(found.openPath);
    if (handle.id !== found.id) return undefined;
    const opened = runInNamespace(handle.fd, () => ({
      route: openNetlinkSocket(NETLINK.ROUTE),
      netfilter: openNetlinkSocket(NETLINK.NETFILTER),
      sysctls: readSysctls(),
    }));
    using route = opened.route;
    using netfilter = opened.netfilter;
    const { links, addresses, routes, rules, neighbours, fdb } = readNamespaceTables(route);
    const localNetnsIds = resolveLocalNetnsIds(route, links, all);
    const namespace: NetworkNamespace = {
      id: found.id,
      names: [...found.names],
      kind: found.kind,
      links: links.map((link) => locateLower(link, { own: found.id, localNetnsIds })),
      addresses: [...addresses],
      routes: [...routes],
      rules: [...rules],
      neighbours: [...neighbours],
      fdb: [...fdb],
      sysctls: Object.assign(opened.sysctls, ...links.map(({ sysctls }) => sysctls)),
    };
    return { namespace, nftablesGeneration: readNftablesGeneration(netfilter), localNetnsIds };
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** ENOENT and ESRCH: the name or the process is gone. EINVAL: the name is there, the namespace no longer bound to it. */
function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && ['ENOENT', 'ESRCH', 'EINVAL'].includes(String(error.code));
}

/** Asks for one known namespace after the other until every number that a link names is known: usually one question. */
function resolveLocalNetnsIds(
  socket: NetlinkSocket,
  links: readonly DecodedLink[],
  all: readonly FoundNamespace[],
): Map<number, NetnsId> {
  const wanted = new Set(links.flatMap(({ linkNetnsid }) => linkNetnsid ?? []));
  const resolved = new Map<number, NetnsId>();
  for (const { id, openPath } of all) {
    if (wanted.size === 0) break;
    const number = askLocalNetnsId(socket, openPath);
    if (number === undefined || !wanted.delete(number)) continue;
    resolved.set(number, id);
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

/** IFLA_LINK names a link by its index in the namespace that IFLA_LINK_NETNSID names. */
function locateLower(
  { link, linkNetnsid }: DecodedLink,
  { own, localNetnsIds }: { readonly own: NetnsId; readonly localNetnsIds: ReadonlyMap<number, NetnsId> },
): Link {
  const isRemote = linkNetnsid !== undefined;
  const namespaceId = isRemote ? localNetnsIds.get(linkNetnsid) : own;
  const place = namespaceId === undefined ? {} : { namespaceId };
  if (link.peer !== undefined) return { ...link, peer: { index: link.peer.index, ...place } };
  if (!isRemote || link.parentIndex === undefined) return link;
  const { parentIndex, ...rest } = link;
  return { ...rest, remoteParent: { index: parentIndex, ...place } };
}
