import { describe, expect, it } from 'vitest';
import { exactEquality } from '#model/kernel/diff-namespace.ts';
import type { NetworkNamespace } from '#model/kernel/kernel-snapshot.ts';
import { diffNamespaces, equalityButForNoise } from './diff-namespaces.ts';

const route = (destination: string): object => ({ family: 'inet', table: 254, type: 'unicast', destination, raw: {} });

const neighbour = (state: string): object => ({
  ...{ linkIndex: 2, family: 'inet', ip: '10.240.2.1', mac: '0a:58:0a:f0:02:01', flags: [], raw: {} },
  state,
});

const makePod = (change: object = {}): NetworkNamespace =>
  ({
    ...{ id: '4026532290', names: [], kind: 'pod', links: [], addresses: [], rules: [], fdb: [], sysctls: {} },
    routes: [route('default'), route('10.240.2.0/24')],
    neighbours: [neighbour('reachable')],
    ...change,
  }) as unknown as NetworkNamespace;

const byId = (namespace: NetworkNamespace) => new Map([[namespace.id, namespace]]);

describe('what is known of namespaces after they were told', () => {
  it('is the state itself where the kernel lists the same routes in another order: next time nothing is compared', () => {
    const now = makePod({ routes: [route('10.240.2.0/24'), route('default')] });
    const { changes, told } = diffNamespaces(byId(makePod()), byId(now), exactEquality);
    expect(changes).toEqual([]);
    expect(told.get(now.id)).toBe(now);
  });

  it('is the old state of a neighbour that was taken for noise, and of all else the state itself', () => {
    const now = makePod({
      neighbours: [neighbour('stale')],
      routes: [route('default')],
      sysctls: { 'net.ipv4.x': '1' },
    });
    const { changes, told } = diffNamespaces(byId(makePod()), byId(now), equalityButForNoise);
    expect(changes).toMatchObject([{ put: {}, remove: { routes: [expect.stringContaining('10.240.2.0/24')] } }]);
    expect(told.get(now.id)).toEqual({ ...now, neighbours: [neighbour('reachable')] });
    expect(told.get(now.id)?.routes).toBe(now.routes);
    expect(diffNamespaces(told, byId(now), exactEquality).changes).toMatchObject([
      { put: { neighbours: [{ state: 'stale' }] } },
    ]);
  });

  it('is nothing of a namespace that is gone', () => {
    const { changes, told } = diffNamespaces(byId(makePod()), new Map(), equalityButForNoise);
    expect(changes).toEqual([{ type: 'namespace.remove', namespaceId: '4026532290' }]);
    expect(told.size).toBe(0);
  });
});
