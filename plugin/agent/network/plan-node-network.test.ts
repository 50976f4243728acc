import { describe, expect, it } from 'vitest';
import { formatIpAddress, formatIpPrefix, parseIpPrefix } from '#plugin/network/ip-address.ts';
import type { LocalSubnet, NodeNetworkPlan, PlanSettings } from './node-network-plan.ts';
import type { PeerNode } from './peer-node.ts';
import { planNodeNetwork } from './plan-node-network.ts';

const settings: PlanSettings = {
  backend: 'host-gw',
  vxlan: { id: 112, port: 4789 },
  clusterCidrs: ['10.240.0.0/16'],
  mtuBytes: undefined,
};

function node(name: string, podCidrs: readonly string[], internalIps: readonly string[]): PeerNode {
  return { name, podCidrs, internalIps, createdAt: '2026-01-01' };
}

function subnet(text: string, linkName = 'eth0'): LocalSubnet {
  const prefix = parseIpPrefix(text);
  if (prefix === undefined) throw new Error(text);
  return { prefix, linkName, mtuBytes: 1500 };
}

const own = node('a', ['10.240.1.0/24'], ['192.168.31.11']);
const other = node('b', ['10.240.2.0/24'], ['192.168.31.12']);
const lan = subnet('192.168.31.11/24');

const plan = (nodes: readonly PeerNode[], changes: Partial<PlanSettings> = {}, localSubnets = [lan]): NodeNetworkPlan =>
  planNodeNetwork({ ownNode: 'a', nodes, settings: { ...settings, ...changes }, localSubnets });

const describeRoutes = ({ routes }: NodeNetworkPlan): readonly string[] =>
  routes.map(
    ({ destination, gateway, linkName, isOnLink }) =>
      `${formatIpPrefix(destination)} via ${formatIpAddress(gateway)} dev ${linkName}${isOnLink ? ' onlink' : ''}`,
  );
const listRules = ({ findings }: NodeNetworkPlan): readonly string[] => findings.map(({ id }) => id);

describe('the plan of a node', () => {
  it('has a route to each podCIDR of each other node in the family of the gateway', () => {
    const dual = node('b', ['10.240.2.0/24', 'fd00:2::/64'], ['192.168.31.12', 'fd31::12']);
    const subnets = [lan, subnet('fd31::11/64', 'eth1')];
    const planned = plan([node('a', ['10.240.1.0/24', 'fd00:1::/64'], ['192.168.31.11']), dual], {}, subnets);
    expect(describeRoutes(planned)).toEqual([
      '10.240.2.0/24 via 192.168.31.12 dev eth0',
      'fd00:2::/64 via fd31::12 dev eth1',
    ]);
    expect(planned.forwarding).toEqual(['inet', 'inet6']);
    expect(planned.findings).toEqual([]);
  });

  it('has the network that podwire install would write, and its rules', () => {
    const { configurationText, rules } = plan([own, other], { mtuBytes: 1400 });
    expect(JSON.parse(configurationText ?? '')).toEqual({
      cniVersion: '1.0.0',
      cniVersions: ['1.0.0', '1.1.0'],
      name: 'podwire',
      plugins: [{ type: 'podwire', podcidr: '10.240.1.0/24', ipMasq: true, clusterCidr: ['10.240.0.0/16'], mtu: 1400 }],
    });
    expect(rules).toMatchObject({ network: 'podwire', bridgeName: 'cni0', isMasqueraded: true });
    expect(rules?.subnets.map(formatIpPrefix)).toEqual(['10.240.1.0/24']);
  });

  it('takes the other nodes’ ranges for the cluster’s where nobody named those', () => {
    const third = node('c', ['10.240.3.0/24'], ['192.168.31.13']);
    const { rules } = plan([third, own, other], { clusterCidrs: [] });
    expect(rules?.clusterCidrs.map(formatIpPrefix)).toEqual(['10.240.2.0/24', '10.240.3.0/24']);
  });

  it('is the same whatever the order of the nodes', () => {
    expect(plan([own, other, node('c', ['10.240.3.0/24'], ['192.168.31.13'])])).toEqual(
      plan([node('c', ['10.240.3.0/24'], ['192.168.31.13']), other, own]),
    );
  });

  it('changes nothing where the own node is unknown', () => {
    const planned = plan([other]);
    expect(planned.isOwnNodeKnown).toBe(false);
    expect([planned.configurationText, planned.rules]).toEqual([undefined, undefined]);
    expect(listRules(planned)).toEqual(['own-node-unknown/a']);
  });

  it('names the node that has no podCIDR', () => {
    expect(listRules(plan([own, node('b', [], ['192.168.31.12'])]))).toEqual(['node-without-pod-cidr/b']);
    const planned = plan([node('a', [], ['192.168.31.11']), other]);
    expect(listRules(planned)).toEqual(['node-without-pod-cidr/a']);
    expect(planned.configurationText).toBeUndefined();
    expect(describeRoutes(planned)).toEqual(['10.240.2.0/24 via 192.168.31.12 dev eth0']);
  });

  it('names the network that the plugin would refuse', () => {
    expect(listRules(plan([node('a', ['10.240.1.0/32'], ['192.168.31.11'])]))).toEqual(['network-refused/a']);
  });

  it('has no route through a node that has no address in the family of its pods', () => {
    const planned = plan([own, node('b', ['fd00:2::/64'], ['192.168.31.12'])]);
    expect([describeRoutes(planned), listRules(planned)]).toEqual([[], ['node-without-address/b/fd00:2::/64']]);
  });

  it('has no route over an address that is the own node’s', () => {
    const planned = plan([own, node('b', ['10.240.2.0/24'], ['192.168.31.11'])]);
    expect([describeRoutes(planned), listRules(planned)]).toEqual([[], ['node-not-on-link/b/10.240.2.0/24']]);
  });

  it('takes the first address of a node that is on a common segment', () => {
    const planned = plan([own, node('b', ['10.240.2.0/24'], ['172.16.0.2', '192.168.31.12'])]);
    expect(describeRoutes(planned)).toEqual(['10.240.2.0/24 via 192.168.31.12 dev eth0']);
  });
});

describe('overlapping podCIDRs', () => {
  it.each([
    { what: 'the same range', cidr: '10.240.2.0/24' },
    { what: 'a part of it', cidr: '10.240.2.128/25' },
    { what: 'more than it', cidr: '10.240.0.0/20' },
  ])('of a newcomer, $what, take no packet from the node that was there first', ({ cidr }) => {
    const newcomer = { ...node('aa', [cidr], ['192.168.31.13']), createdAt: '2026-02-02' };
    const planned = plan([own, other, newcomer]);
    expect(describeRoutes(planned)).toEqual(['10.240.2.0/24 via 192.168.31.12 dev eth0']);
    expect(listRules(planned)).toEqual([`pod-cidrs-overlap/aa/${cidr}`]);
  });

  it('never take a packet from the own pods', () => {
    const elder = { ...node('b', ['10.240.1.0/25'], ['192.168.31.12']), createdAt: '2020-01-01' };
    const planned = plan([own, elder]);
    expect([describeRoutes(planned), listRules(planned)]).toEqual([[], ['pod-cidrs-overlap/b/10.240.1.0/25']]);
  });
});

describe('a node behind a router', () => {
  const far = node('far', ['10.240.9.0/24'], ['192.168.32.19']);

  it('gets no route, and is found with the subnets that it is not in', () => {
    const planned = plan([own, far]);
    expect(describeRoutes(planned)).toEqual([]);
    expect(planned.findings).toMatchObject([
      { rule: 'node-not-on-link', severity: 'error', evidence: ['eth0: 192.168.31.11/24'], object: 'node far' },
    ]);
  });

  it('is reached over the overlay where that is chosen, others straight', () => {
    const planned = plan([own, other, far], { backend: 'vxlan' });
    expect(describeRoutes(planned)).toEqual([
      '10.240.2.0/24 via 192.168.31.12 dev eth0',
      '10.240.9.0/24 via 10.240.9.0 dev podwire-vxlan onlink',
    ]);
    expect(planned.overlay).toMatchObject({
      mac: '0a:58:c0:a8:1f:0b',
      mtuBytes: 1450,
      peers: [{ mac: '0a:58:c0:a8:20:13' }],
    });
    expect(JSON.parse(planned.configurationText ?? '').plugins[0].mtu).toBe(1450);
    expect(planned.findings).toEqual([]);
  });

  it('needs an underlay that has the node’s address', () => {
    const planned = plan([node('a', ['10.240.1.0/24'], ['192.168.99.1']), far], { backend: 'vxlan' });
    expect(listRules(planned)).toEqual(['overlay-without-underlay/a', 'node-not-on-link/far/10.240.9.0/24']);
  });
});

it('thousands of nodes are planned in one go, each with its route', () => {
  const many = Array.from({ length: 4000 }, (_, index) =>
    node(`n${index}`, [`10.${Math.floor(index / 256)}.${index % 256}.0/24`], [`172.16.${index >> 8}.${index & 255}`]),
  );
  const planned = plan([node('a', ['10.240.1.0/24'], ['172.16.200.1']), ...many], {}, [subnet('172.16.200.1/16')]);
  expect(planned.routes).toHaveLength(4000);
});
