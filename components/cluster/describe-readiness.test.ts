import { describe, expect, test } from 'vitest';
import type { NodeTile } from '#model/topology/topology.ts';
import { describeReadiness, needsAttention, shortenReason } from './describe-readiness.ts';

const tile: NodeTile = {
  name: 'k8s-node01',
  ready: { status: 'True' },
  internalIps: ['192.168.31.163'],
  podCidrs: ['10.240.2.0/24'],
  roles: [],
  agent: { state: 'live' },
  pods: { total: 2, running: 2, wired: 2, failing: 0 },
  pools: [{ prefix: '10.240.2.0/24', used: 2, capacity: 253 }],
  invocations: { windowMinutes: 15, adds: 2, dels: 0, failed: 0 },
  findings: { error: 0, warning: 0, notice: 0 },
  routes: [],
};

describe('readiness of a node', () => {
  test('a node whose kubelet has not reported is unknown, not fine', () => {
    expect(describeReadiness({ ready: undefined }).status).toBe('unknown');
  });

  test('a node of which only the name may be seen is not said to be silent, and needs no look for that alone', () => {
    const { ready: _ready, ...rest } = tile;
    const bare: NodeTile = { ...rest, isNameOnly: true, internalIps: [], podCidrs: [], pools: [] };
    expect(describeReadiness(bare)).toEqual({ status: 'unknown', word: 'Not shown' });
    expect(needsAttention(bare)).toBe(false);
    expect(needsAttention({ ...bare, pods: { ...bare.pods, failing: 1 } })).toBe(true);
  });

  test('a node without CNI says so in the words of its kubelet', () => {
    const message =
      'container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized';
    const readiness = describeReadiness({ ready: { status: 'False', reason: 'KubeletNotReady', message } });
    expect(readiness).toMatchObject({ status: 'warning', word: 'NotReady', reason: message });
    expect(shortenReason(message)).toBe('Network plugin returns error: cni plugin not initialized');
  });
});

describe('a node stands before the others', () => {
  test('not when it is ready, watched, and every pod is wired', () => {
    expect(needsAttention(tile)).toBe(false);
  });

  test.each<[string, Partial<NodeTile>]>([
    ['it is not ready', { ready: { status: 'False' } }],
    ['its agent is silent', { agent: { state: 'stale' } }],
    ['an ADD failed', { invocations: { ...tile.invocations, failed: 1 } }],
    ['a pod gets no network', { pods: { ...tile.pods, failing: 1 } }],
    ['its pool is used up', { pools: [{ prefix: '10.240.2.0/24', used: 253, capacity: 253 }] }],
    ['a route is missing', { routes: [{ toNode: 'controlplane', podCidr: '10.240.1.0/24', state: 'missing' }] }],
  ])('when %s', (_, change) => {
    expect(needsAttention({ ...tile, ...change })).toBe(true);
  });
});
