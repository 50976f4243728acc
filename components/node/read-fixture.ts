import { NodeTopology, TopologyPod } from '#model/topology/topology.ts';
import recorded from './lab-node.fixture.json' with { type: 'json' };

/** For tests: k8s-node01 of the lab with busybox and nginx1, as the collector answered it, raw records left out. */
export function readLabNode(): NodeTopology {
  return NodeTopology.parse(recorded);
}

type PodChange = { readonly name: string } & Partial<Omit<TopologyPod, 'name' | 'key'>>;

/** For tests: the same node with one more pod that has no wire. */
export function addPod(topology: NodeTopology, change: PodChange): NodeTopology {
  const key = `${change.namespace ?? 'shop'}/${change.name}`;
  const pod = TopologyPod.parse({
    namespace: 'shop',
    uid: key,
    nodeName: 'k8s-node01',
    phase: 'Pending',
    status: 'ContainerCreating',
    podIps: [],
    hostNetwork: false,
    images: ['nginx'],
    createdAt: '2026-11-24T09:00:00Z',
    failedAdds: 0,
    ...change,
    key,
  });
  return { ...topology, pods: { ...topology.pods, [key]: pod } };
}

/** For tests: the same node with `count` more healthy pods, wired as busybox is. */
export function addWiredPods(topology: NodeTopology, count: number): NodeTopology {
  const [source] = Object.values(topology.attachments);
  const [root] = Object.values(topology.namespaces).filter((namespace) => namespace.kind === 'root');
  const veth = topology.links[`${root?.id}/${source?.hostLinkIndex}`];
  if (source === undefined || veth === undefined) {
    throw new Error('the recorded node has no wire');
  }
  const numbers = Array.from({ length: count }, (_, place) => 100 + place);
  const grown = numbers.reduce(
    (node, number) =>
      addPod(node, {
        name: `web-${number}`,
        phase: 'Running',
        status: 'Running',
        createdAt: `2026-11-24T10:00:00.${number}Z`,
      }),
    topology,
  );
  const links = numbers.map((number) => [`${root?.id}/${number}`, { ...veth, index: number, name: `veth${number}` }]);
  const attachments = numbers.map((number) => {
    const { podLinkIndex, ...rest } = source;
    return [`c${number}/eth0`, { ...rest, id: `c${number}/eth0`, pod: `shop/web-${number}`, hostLinkIndex: number }];
  });
  return NodeTopology.parse({
    ...grown,
    links: { ...grown.links, ...Object.fromEntries(links) },
    attachments: { ...grown.attachments, ...Object.fromEntries(attachments) },
  });
}
