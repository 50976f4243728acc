import type { NetworkNamespace } from '#model/kernel/kernel-snapshot.ts';

/** Links whose other end is in a namespace that could not be told when they were read. */
export function listUnresolvedLinks({ links }: NetworkNamespace): ReadonlySet<number> {
  const unresolved = links.filter(
    ({ peer, remoteParent }) =>
      (peer !== undefined && peer.namespaceId === undefined) ||
      (remoteParent !== undefined && remoteParent.namespaceId === undefined),
  );
  return new Set(unresolved.map(({ index }) => index));
}
