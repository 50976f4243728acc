import type { Link, NetnsId, NetworkNamespace } from '#model/kernel/kernel-snapshot.ts';
import { equalJson } from '#model/topology/equal-json.ts';
import type { DecodedLink } from '#plugin/netlink/decode-link.ts';
import type { FoundNamespace } from './find-namespaces.ts';
import type { RulesMark } from './read-rules-mark.ts';

export type Sysctls = Readonly<Record<string, string>>;

/** A namespace as it is known, and what is needed to go on from there with notifications. */
export interface KnownNamespace {
  readonly found: FoundNamespace;
  readonly namespace: NetworkNamespace;
  /** Settings that only files tell. */
  readonly fileSysctls: Sysctls;
  /** Settings that each link brings along, by its index. */
  readonly linkSysctls: ReadonlyMap<number, Sysctls>;
  /** Numbers that this namespace gives to others, as its links name them. */
  readonly localNetnsIds: ReadonlyMap<number, NetnsId>;
  /** The state of the rulesets that `namespace.netfilter` was read from. */
  readonly rulesMark: RulesMark | undefined;
}

export function mergeSysctls({
  fileSysctls,
  linkSysctls,
}: Pick<KnownNamespace, 'fileSysctls' | 'linkSysctls'>): NetworkNamespace['sysctls'] {
  return Object.assign({}, fileSysctls, ...linkSysctls.values());
}

/** The settings of links, and all of them put together: what was known where nothing changed, as it nearly always is. */
export function collectSysctls(
  known: KnownNamespace | undefined,
  { links, fileSysctls }: { readonly links: readonly DecodedLink[]; readonly fileSysctls: Sysctls },
): Pick<KnownNamespace, 'linkSysctls' | 'fileSysctls'> & { readonly sysctls: NetworkNamespace['sysctls'] } {
  const before = known?.linkSysctls;
  const isSame =
    before?.size === links.length && links.every(({ link, sysctls }) => equalJson(before.get(link.index), sysctls));
  const linkSysctls = isSame ? before : new Map(links.map(({ link, sysctls }) => [link.index as number, sysctls]));
  const kept = known !== undefined && equalJson(known.fileSysctls, fileSysctls) ? known.fileSysctls : fileSysctls;
  const settings = { linkSysctls, fileSysctls: kept };
  const isKnown = known !== undefined && isSame && kept === known.fileSysctls;
  return { ...settings, sysctls: isKnown ? known.namespace.sysctls : mergeSysctls(settings) };
}

/**
 * IFLA_LINK names a link by its index in the namespace that IFLA_LINK_NETNSID names.
 * @param known the link as it is known: returned itself where nothing changed, so that it need not be compared
 */
export function locateLower(
  { link, linkNetnsid }: DecodedLink,
  { found, localNetnsIds }: Pick<KnownNamespace, 'found' | 'localNetnsIds'>,
  known?: Link,
): Link {
  const isRemote = linkNetnsid !== undefined;
  const namespaceId = isRemote ? localNetnsIds.get(linkNetnsid) : found.id;
  if (
    known !== undefined &&
    known.raw === link.raw &&
    (known.peer ?? known.remoteParent)?.namespaceId === namespaceId
  ) {
    return known;
  }
  const place = namespaceId === undefined ? {} : { namespaceId };
  if (link.peer !== undefined) return { ...link, peer: { index: link.peer.index, ...place } };
  if (!isRemote || link.parentIndex === undefined) return link;
  const { parentIndex, ...rest } = link;
  return { ...rest, remoteParent: { index: parentIndex, ...place } };
}

/** The same namespace under the names that it has now. */
export function renameNamespace(known: KnownNamespace, found: FoundNamespace): KnownNamespace {
  const isSame = known.found.kind === found.kind && known.found.names.join() === found.names.join();
  if (isSame) return known.found.openPath === found.openPath ? known : { ...known, found };
  return { ...known, found, namespace: { ...known.namespace, names: [...found.names], kind: found.kind } };
}
