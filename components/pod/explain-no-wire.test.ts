import { describe, expect, test } from 'vitest';
import { NodeTopology } from '#model/topology/topology.ts';
import { explainNoWire } from './explain-no-wire.ts';

const message =
  'container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized';

function makeNode(status: 'True' | 'False', pod: object): NodeTopology {
  const facts = { namespace: 'default', name: 'web', uid: 'u1', nodeName: 'n1', phase: 'Pending' };
  const more = {
    status: 'ContainerCreating',
    podIps: [],
    hostNetwork: false,
    containerIds: [],
    images: [],
    labels: {},
  };
  return NodeTopology.parse({
    node: {
      node: {
        name: 'n1',
        facts: {
          name: 'n1',
          uid: 'n1',
          internalIps: [],
          podCidrs: [],
          roles: [],
          ready: { status, reason: 'KubeletNotReady', message, since: '2026-11-24T08:00:00Z' },
        },
        agent: { state: 'live' },
        pools: [],
        problems: [],
        findings: [],
        drifts: [],
      },
    },
    pods: {
      'default/web': {
        ...facts,
        ...more,
        createdAt: '2026-11-24T08:00:00Z',
        key: 'default/web',
        failedAdds: 0,
        ...pod,
      },
    },
    attachments: {},
    namespaces: { '1': { id: '1', names: [], kind: 'root', sysctls: {} } },
    links: {},
    addresses: {},
    routes: {},
    rules: {},
    neighbours: {},
    fdb: {},
  });
}

describe('why a pod has no wire', () => {
  test('a node that is not ready says it in the words of its kubelet', () => {
    expect(explainNoWire(makeNode('False', {}), 'default/web')).toContain('cni plugin not initialized');
  });

  test('a failed ADD is the cause before all others', () => {
    expect(explainNoWire(makeNode('False', { failedAdds: 3 }), 'default/web')).toMatch(/^The last 3 ADDs failed/);
  });

  test('a ready node whose runtime has not called the plugin says just that', () => {
    expect(explainNoWire(makeNode('True', {}), 'default/web')).toMatch(/^No ADD of this pod/);
  });
});
