import type { Link, NetworkNamespace } from '../kernel/kernel-snapshot.ts';
import type { Attachment } from './topology.ts';

/** The address of `10.240.2.2/24`, without the length. */
export const addressText = (prefix: string): string => prefix.split('/')[0] ?? prefix;

/**
 * The host's end of a pod's veth and the bridge that it is plugged into, as the kernel says: the two ends name each
 * other by interface index (IFLA_LINK). Where the agent could not tell a peer's namespace, the indexes must agree both
 * ways and fit one link only.
 */
export function findHostEnd(given: {
  readonly namespace: NetworkNamespace;
  readonly link: Link;
  readonly root: NetworkNamespace;
}): Pick<Attachment, 'hostLinkIndex' | 'bridgeIndex'> {
  const { namespace, link, root } = given;
  const ends = root.links.filter((host) => pointsTo(host, link, namespace.id) && pointsTo(link, host, root.id));
  const host = ends.length === 1 ? ends[0] : undefined;
  if (host === undefined) return {};
  const master = root.links.find((each) => each.index === host.masterIndex);
  return { hostLinkIndex: host.index, ...(master?.kind === 'bridge' && { bridgeIndex: master.index }) };
}

const pointsTo = (from: Link, to: Link, namespaceId: string): boolean =>
  from.peer?.index === to.index && (from.peer.namespaceId === undefined || from.peer.namespaceId === namespaceId);
