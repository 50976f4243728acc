import type { Attachment, NodeTopology } from '#model/topology/topology.ts';

/** Addresses that the kernel has on a pod's interfaces; absent where no interface of it was read. */
export function readPodIps(topology: NodeTopology, attachments: readonly Attachment[]): readonly string[] | undefined {
  const read = attachments.filter(
    ({ namespaceId, podLinkIndex }) => `${namespaceId}/${podLinkIndex}` in topology.links,
  );
  return read.length === 0
    ? undefined
    : Object.values(topology.addresses)
        .filter((address) =>
          read.some(
            (attachment) =>
              attachment.namespaceId === address.namespaceId && attachment.podLinkIndex === address.linkIndex,
          ),
        )
        .map((address) => address.prefix.split('/')[0] ?? address.prefix);
}
