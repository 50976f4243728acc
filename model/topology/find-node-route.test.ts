import { expect, test } from 'vitest';
import { buildSnapshot } from '../testing/build-node.ts';
import { findNodeRoute } from './find-node-route.ts';

const routes = buildSnapshot([]).namespaces[0]?.routes ?? [];
const find = (podCidr: string, given = routes) =>
  findNodeRoute({ toNode: 'controlplane', podCidr, routes: given, linkName: (index) => `link${index}` });

test('the longest prefix that holds the whole podCIDR decides', () => {
  expect(find('10.240.1.0/24')).toMatchObject({
    state: 'routed',
    record: '10.240.1.0/24 via 192.168.31.162 dev link2',
  });
});

test('a podCIDR that only the default route reaches is said to be so', () => {
  expect(find('10.240.9.0/24').state).toBe('default-only');
});

test('a route to a part of the podCIDR does not carry the whole', () => {
  expect(find('10.240.0.0/16').state).toBe('default-only');
});

test('without a default route the podCIDR is missing', () => {
  expect(find('10.240.9.0/24', routes.slice(1)).state).toBe('missing');
});

test('a blackhole on the podCIDR reaches nobody', () => {
  const [first] = routes;
  if (first === undefined) throw new Error('the root namespace has routes');
  const blackhole = { ...first, type: 'blackhole', destination: '10.240.1.0/24', metric: 0 };
  expect(find('10.240.1.0/24', [blackhole, ...routes]).state).toBe('missing');
});

test('of two routes to one prefix the lower metric decides', () => {
  const slow = routes.map((each) => ({ ...each, metric: 200, gateway: '192.168.31.9' }));
  expect(find('10.240.1.0/24', [...slow, ...routes]).record).toContain('192.168.31.162');
});

test('a kernel that was not read leaves the answer unknown', () => {
  const unread = { toNode: 'a', podCidr: '10.240.1.0/24', routes: undefined, linkName: () => undefined };
  expect(findNodeRoute(unread).state).toBe('unknown');
});
