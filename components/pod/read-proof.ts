import type { JsonObject, JsonValue } from '#model/json.ts';
import type { Attachment, NodeTopology } from '#model/topology/topology.ts';

export type ProofRecord = { readonly title: string; readonly raw: JsonValue };

type Recorded = { readonly namespaceId: string; readonly raw: JsonObject };

/** The kernel's own records behind one wire, from the pod's end to the bridge: what the drawing was made from. */
export function readProof(topology: NodeTopology, attachment: Attachment): readonly ProofRecord[] {
  const { namespaceId, podLinkIndex } = attachment;
  const root = Object.values(topology.namespaces).find((namespace) => namespace.kind === 'root')?.id;
  const podLink = topology.links[`${namespaceId}/${podLinkIndex}`];
  const hostLink = topology.links[`${root}/${attachment.hostLinkIndex}`];
  const bridge = topology.links[`${root}/${attachment.bridgeIndex}`];
  const own = <T extends Recorded>(records: Readonly<Record<string, T>>): readonly T[] =>
    Object.values(records).filter((record) => record.namespaceId === namespaceId && namespaceId !== undefined);
  return [
    ...(podLink === undefined ? [] : [{ title: `link ${podLink.name}, pod`, raw: podLink.raw }]),
    ...own(topology.addresses)
      .filter((address) => address.linkIndex === podLinkIndex)
      .map((address) => ({ title: `address ${address.prefix}, pod`, raw: address.raw })),
    ...own(topology.routes)
      .filter((route) => route.table !== 255)
      .map((route) => ({ title: `route ${route.destination}, pod`, raw: route.raw })),
    ...own(topology.neighbours).map((neighbour) => ({ title: `neighbour ${neighbour.ip}, pod`, raw: neighbour.raw })),
    ...(hostLink === undefined ? [] : [{ title: `link ${hostLink.name}, host`, raw: hostLink.raw }]),
    ...Object.values(topology.fdb)
      .filter((entry) => entry.namespaceId === root && hostLink !== undefined && entry.linkIndex === hostLink.index)
      .map((entry) => ({ title: `fdb ${entry.mac}, host`, raw: entry.raw })),
    ...(bridge === undefined ? [] : [{ title: `link ${bridge.name}, bridge`, raw: bridge.raw }]),
  ];
}
