import { expect, it } from 'vitest';
import { parsePeerNode } from './peer-node.ts';

it('a Node is known by its name, ranges and internal addresses', () => {
  const node = {
    metadata: { name: 'a', creationTimestamp: '2026-11-25T08:00:00Z' },
    spec: { podCIDR: '10.240.1.0/24', podCIDRs: ['10.240.1.0/24', 'FD00:1:0::/64'] },
    status: {
      addresses: [
        { type: 'Hostname', address: 'a' },
        { type: 'InternalIP', address: '192.0.2.1' },
        { type: 'InternalIP', address: 'fd31:0::1' },
        { type: 'ExternalIP', address: '198.51.100.1' },
      ],
    },
  };
  expect(parsePeerNode(node)).toEqual({
    name: 'a',
    createdAt: '2026-11-25T08:00:00Z',
    podCidrs: ['10.240.1.0/24', 'fd00:1::/64'],
    internalIps: ['192.0.2.1', 'fd31::1'],
  });
});

it('podCIDR alone counts too, and host bits are no part of a range', () => {
  expect(parsePeerNode({ metadata: { name: 'a' }, spec: { podCIDR: '10.240.1.7/24' } })).toMatchObject({
    podCidrs: ['10.240.1.0/24'],
    internalIps: [],
  });
});

it.each([[undefined], [{ metadata: {} }], [{ metadata: { name: 7 } }]])('%o is no Node', (value) => {
  expect(parsePeerNode(value)).toBeUndefined();
});

it('what is no address is left out', () => {
  const status = { addresses: [undefined, { type: 'InternalIP' }, { type: 'InternalIP', address: 'here' }] };
  const node = { metadata: { name: 'a' }, spec: { podCIDRs: ['10.1.0.0/40', 7] }, status };
  expect(parsePeerNode(node)).toMatchObject({ podCidrs: [], internalIps: [] });
});
