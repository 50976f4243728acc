import { describe, expect, test } from 'vitest';
import {
  buildClusterNode,
  buildClusterPod,
  buildInvocation,
  buildPodNamespace,
  buildSnapshot,
  ipOf,
} from '../testing/build-node.ts';
import { emptyInvocationFold, foldInvocation } from './fold-invocation.ts';
import { joinNodeTopology, type NodeInputs } from './join-node-topology.ts';
import { NodeTopology } from './topology.ts';

const add1 = buildInvocation('ADD', 1, { id: 'add-1' });
const foldOf = (...events: readonly (typeof add1)[]) =>
  events.reduce((fold, event) => foldInvocation(fold, event, 'k8s-node01'), emptyInvocationFold);

const join = (given: Partial<NodeInputs>) =>
  joinNodeTopology({
    name: 'k8s-node01',
    facts: buildClusterNode('k8s-node01', '10.240.2.0/24'),
    pods: [],
    snapshot: undefined,
    invocations: emptyInvocationFold,
    agent: { state: 'live' },
    findings: [],
    drifts: [],
    hasCluster: true,
    ...given,
  });

describe('the join of a node', () => {
  test('a pod with an ADD event is wired to its veth and bridge by all four pieces of evidence', () => {
    const topology = join({ pods: [buildClusterPod(1)], snapshot: buildSnapshot([1]), invocations: foldOf(add1) });
    expect(topology.attachments['container-1/eth0']).toMatchObject({
      pod: 'default/pod1',
      namespaceId: '1001',
      podLinkIndex: 2,
      hostLinkIndex: 11,
      bridgeIndex: 3,
      evidence: ['cni-event', 'netns-inode', 'mac', 'ip'],
      isInferred: false,
      reported: { addresses: ['10.240.2.2/24'], hostVeth: 'veth1', bridge: 'cni0', mtuBytes: 1500 },
      addEventId: 'add-1',
    });
    expect(topology.namespaces['1001']?.pod).toBe('default/pod1');
    expect(topology.node.node?.pools).toEqual([{ prefix: '10.240.2.0/24', used: 1, capacity: 253 }]);
    expect(NodeTopology.safeParse(topology).success).toBe(true);
  });

  test('a pod without an ADD event is joined by its IP and marked inferred', () => {
    const topology = join({ pods: [buildClusterPod(1)], snapshot: buildSnapshot([1]) });
    expect(topology.attachments['1001/eth0']).toMatchObject({
      pod: 'default/pod1',
      hostLinkIndex: 11,
      evidence: ['ip'],
      isInferred: true,
    });
  });

  test('one address of two pods joins neither and names both', () => {
    const pods = [buildClusterPod(1), buildClusterPod(2, { podIps: [ipOf(1)] })];
    const topology = join({ pods, snapshot: buildSnapshot([1]) });
    expect(topology.attachments['1001/eth0']?.pod).toBeUndefined();
    expect(topology.node.node?.problems.join()).toMatch(/default\/pod1 and default\/pod2/);
  });

  test('one pod whose address stands in two namespaces is joined to neither', () => {
    const snapshot = buildSnapshot([1, 2]);
    const twin = { ...buildPodNamespace(2), addresses: buildPodNamespace(1).addresses };
    const namespaces = snapshot.namespaces.map((each) => (each.id === twin.id ? twin : each));
    const topology = join({ pods: [buildClusterPod(1)], snapshot: { ...snapshot, namespaces } });
    expect(Object.values(topology.attachments).map((each) => each.pod)).toEqual([undefined, undefined]);
    expect(topology.node.node?.problems.join()).toMatch(/1001 and 1002/);
  });

  test('a pod with host network is never joined to a namespace by the node address', () => {
    const topology = join({ pods: [buildClusterPod(1, { hostNetwork: true })], snapshot: buildSnapshot([1]) });
    expect(topology.attachments['1001/eth0']?.pod).toBeUndefined();
  });

  test('an inode number that the kernel gave to another namespace is no evidence', () => {
    const snapshot = buildSnapshot([1]);
    const namespaces = snapshot.namespaces.map((each) =>
      each.kind === 'pod' ? { ...buildPodNamespace(2), id: each.id, names: ['/run/netns/cni-other'] } : each,
    );
    const topology = join({
      pods: [buildClusterPod(1)],
      snapshot: { ...snapshot, namespaces },
      invocations: foldOf(add1),
    });
    expect(topology.attachments['container-1/eth0']?.namespaceId).toBeUndefined();
  });

  test('an ADD whose namespace and pod are gone is left out', () => {
    const topology = join({ snapshot: buildSnapshot([]), invocations: foldOf(add1) });
    expect(topology.attachments).toEqual({});
    expect(topology.node.node?.pools[0]?.used).toBe(0);
  });

  test('DEL takes the attachment away and stays in the history of the pod', () => {
    const fold = foldOf(add1, buildInvocation('DEL', 1, { id: 'del-1' }));
    const topology = join({ pods: [buildClusterPod(1)], snapshot: buildSnapshot([]), invocations: fold });
    expect(topology.attachments).toEqual({});
    expect(topology.pods['default/pod1']?.lastDel?.id).toBe('del-1');
  });

  test('ADDs that fail in a row are counted until one succeeds', () => {
    const failed = (id: string) => buildInvocation('ADD', 1, { id, fails: true });
    const pods = [buildClusterPod(1)];
    const twice = foldOf(failed('a'), failed('b'));
    expect(join({ pods, invocations: twice }).pods['default/pod1']?.failedAdds).toBe(2);
    const healed = foldInvocation(twice, add1, 'k8s-node01');
    expect(join({ pods, invocations: healed }).pods['default/pod1']?.failedAdds).toBe(0);
  });

  test('a pod made anew under an old name does not inherit the failures of the old one', () => {
    const fold = foldOf(buildInvocation('ADD', 1, { id: 'a', fails: true, uid: 'uid-old' }));
    const pod = join({ pods: [buildClusterPod(1)], invocations: fold }).pods['default/pod1'];
    expect(pod).toMatchObject({ failedAdds: 0 });
    expect(pod?.lastAdd).toBeUndefined();
  });

  test('two routes that differ in metric only are both kept', () => {
    const snapshot = buildSnapshot([]);
    const [root] = snapshot.namespaces;
    const [first] = root?.routes ?? [];
    if (root === undefined || first === undefined) throw new Error('the root namespace has routes');
    const routes = [first, { ...first, metric: 100 }, { ...first, metric: 100 }];
    const topology = join({ snapshot: { ...snapshot, namespaces: [{ ...root, routes }] } });
    expect(Object.keys(topology.routes)).toHaveLength(3);
  });

  test('an agent of a node that the cluster does not name is said to be a stranger', () => {
    expect(join({ facts: undefined }).node.node?.problems.join()).toMatch(/no node of this name/);
  });
});
