import type { NodeTile, TopologyPod } from '#model/topology/topology.ts';

/** A place that a search leads to. */
export type Place = {
  readonly kind: 'node' | 'pod';
  readonly name: string;
  /** What tells it from others of its name. */
  readonly detail: string;
  readonly href: string;
};

/** Nodes whose name, address or podCIDR has the text in it, then the pods that the collector found, each with its place. */
export function listPlaces(text: string, nodes: readonly NodeTile[], pods: readonly TopologyPod[]): readonly Place[] {
  const wanted = text.trim().toLowerCase();
  const found = nodes.filter(({ name, internalIps, podCidrs }) =>
    [name, ...internalIps, ...podCidrs].some((word) => word.toLowerCase().includes(wanted)),
  );
  return [...found.map(placeNode), ...pods.map(placePod)];
}

function placeNode({ name, internalIps }: NodeTile): Place {
  return { kind: 'node', name, detail: internalIps.join(' '), href: `/nodes/${encodeURIComponent(name)}` };
}

/** A pod on a node is shown on its wire; one that no node has been given has only its own page. */
function placePod({ key, namespace, name, nodeName, podIps, status }: TopologyPod): Place {
  const address = podIps[0] ?? status;
  const path = `/pods/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`;
  return nodeName === undefined
    ? { kind: 'pod', name: key, detail: status, href: path }
    : {
        kind: 'pod',
        name: key,
        detail: `${address} on ${nodeName}`,
        href: `/nodes/${encodeURIComponent(nodeName)}?select=${encodeURIComponent(`pod:${key}`)}`,
      };
}
