import { describe, expect, it } from 'vitest';
import { Address, FdbEntry, Link, Neighbour, PolicyRule, Route } from '#model/kernel/kernel-snapshot.ts';
import { decodeAddress } from './decode-address.ts';
import { decodeLink } from './decode-link.ts';
import { decodeFdbEntry, decodeNeighbour } from './decode-neighbour.ts';
import { decodePolicyRule } from './decode-policy-rule.ts';
import { decodeRoute } from './decode-route.ts';
import dumps from './recorded-dumps.json' with { type: 'json' };

/*
 * Bytes that Linux 6.18 sent for this node, one message body each:
 *   ip netns add cni-a
 *   ip link add cni0 address 0a:58:0a:f0:02:01 type bridge; ip addr add 10.240.2.1/24 dev cni0
 *   ip link add vetha address 0a:58:00:00:00:0a type veth peer name eth0 address 0a:58:0a:f0:02:02 netns cni-a
 *   ip link set vetha master cni0 up; bridge link set dev vetha hairpin on
 *   sysctl net.ipv4.conf.vetha.rp_filter=2 net.ipv4.conf.vetha.proxy_arp=1
 *   ip link add flannel.1 address 02:00:00:00:00:f1 type vxlan id 1 dstport 8472 local 10.240.2.1 nolearning
 *   ip route add 10.240.1.0/24 via 10.240.2.254 proto 112 mtu 1450
 *   ip route add default table 100 nexthop via 10.240.2.2 weight 3 nexthop via 10.240.2.3
 *   ip route add blackhole 10.99.0.0/16 metric 50
 *   ip rule add pref 100 from 10.240.2.0/24 iif cni0 fwmark 0x4/0x4 lookup 100
 *   ip rule add pref 200 to 10.99.0.1 prohibit
 *   ip neigh add 10.240.2.2 lladdr 0a:58:0a:f0:02:02 dev cni0 nud permanent
 *   bridge fdb append 00:00:00:00:00:00 dst 192.168.31.162 dev flannel.1
 */
const decodeAll = <T>(bodies: readonly string[], decode: (body: Uint8Array) => T | undefined): T[] =>
  bodies.flatMap((hex) => decode(Uint8Array.fromHex(hex)) ?? []);

describe('links as the kernel dumps them', () => {
  const decoded = decodeAll(dumps.links, decodeLink);
  const links = decoded.map(({ link }) => link);
  const find = (name: string): Link => links.find((link) => link.name === name) as Link;

  it('every link fits the contract', () => {
    expect(links.map(({ name }) => name)).toEqual(['lo', 'cni0', 'vetha', 'flannel.1']);
    for (const link of links) expect(Link.safeParse(link).error).toBeUndefined();
  });

  it('a bridge has its kind, MAC and state', () => {
    const { raw, ...bridge } = find('cni0');
    expect(bridge).toEqual({
      index: 2,
      name: 'cni0',
      kind: 'bridge',
      mac: '0a:58:0a:f0:02:01',
      mtuBytes: 1500,
      flags: ['UP', 'BROADCAST', 'RUNNING', 'MULTICAST', 'LOWER_UP'],
      operState: 'up',
      bridge: { vlanFiltering: false, stp: false },
    });
    expect(raw.IFLA_LINKINFO).toMatchObject({
      IFLA_INFO_KIND: 'bridge',
      IFLA_INFO_DATA: { IFLA_BR_VLAN_FILTERING: 0 },
    });
  });

  it('a bridge port knows its bridge, its flags and its peer in the other namespace', () => {
    expect(find('vetha')).toMatchObject({
      kind: 'veth',
      masterIndex: find('cni0').index,
      peer: { index: 2 },
      port: { state: 'forwarding', hairpin: true, isolated: false, learning: true, flood: true },
    });
    expect(decoded.map(({ linkNetnsid }) => linkNetnsid)).toEqual([undefined, undefined, 0, undefined]);
  });

  it('a vxlan knows its number, port and local address', () => {
    expect(find('flannel.1').vxlan).toEqual({ id: 1, port: 8472, localIp: '10.240.2.1', learning: false });
  });

  it('the settings of each link come with it', () => {
    const settings = decoded.find(({ link }) => link.name === 'vetha')?.sysctls;
    expect(settings).toMatchObject({
      'net.ipv4.conf.vetha.rp_filter': '2',
      'net.ipv4.conf.vetha.proxy_arp': '1',
      'net.ipv4.conf.vetha.forwarding': '0',
      'net.ipv6.conf.vetha.disable_ipv6': '0',
    });
  });

  it('no timer and no counter is part of the proof', () => {
    expect(JSON.stringify(links)).not.toMatch(/TIMER|STATS|_COUNT|CACHEINFO/);
  });
});

describe('the other tables as the kernel dumps them', () => {
  it('addresses keep their prefix, scope and flags', () => {
    const addresses = decodeAll(dumps.addresses, decodeAddress);
    for (const address of addresses) expect(Address.safeParse(address).error).toBeUndefined();
    const [ipv4, ...others] = addresses.map(({ raw: _, ...address }) => address);
    expect(ipv4).toEqual({
      linkIndex: 2,
      family: 'inet',
      prefix: '10.240.2.1/24',
      scope: 'global',
      flags: ['permanent'],
    });
    expect(others.map(({ prefix, scope }) => `${prefix} ${scope}`)).toContain('fe80::858:aff:fef0:201/64 link');
  });

  it('routes of every table are read, with several next hops, metrics and our own protocol', () => {
    const routes = decodeAll(dumps.routes, decodeRoute);
    for (const route of routes) expect(Route.safeParse(route).error).toBeUndefined();
    const plain = routes.map(({ raw: _, ...route }) => route);
    expect(plain).toContainEqual({
      family: 'inet',
      table: 254,
      type: 'unicast',
      destination: '10.240.1.0/24',
      gateway: '10.240.2.254',
      linkIndex: 2,
      protocol: 'podwire',
      scope: 'global',
      mtuBytes: 1450,
    });
    expect(plain).toContainEqual({
      family: 'inet',
      table: 100,
      type: 'unicast',
      destination: 'default',
      protocol: 'boot',
      scope: 'global',
      nextHops: [
        { gateway: '10.240.2.2', linkIndex: 2, weight: 3 },
        { gateway: '10.240.2.3', linkIndex: 2, weight: 1 },
      ],
    });
    expect(plain).toContainEqual(
      expect.objectContaining({ type: 'blackhole', destination: '10.99.0.0/16', metric: 50 }),
    );
    expect(plain).toContainEqual(
      expect.objectContaining({
        table: 255,
        type: 'local',
        destination: '10.240.2.1/32',
        preferredSource: '10.240.2.1',
      }),
    );
  });

  it('policy rules keep their selectors and what they do', () => {
    const rules = decodeAll(dumps.rules, decodePolicyRule);
    for (const rule of rules) expect(PolicyRule.safeParse(rule).error).toBeUndefined();
    const plain = rules.map(({ raw: _, ...rule }) => rule).filter(({ family }) => family === 'inet');
    expect(plain).toEqual([
      { family: 'inet', priority: 0, table: 255, action: 'lookup' },
      {
        family: 'inet',
        priority: 100,
        from: '10.240.2.0/24',
        inputLink: 'cni0',
        mark: '0x4/0x4',
        table: 100,
        action: 'lookup',
      },
      { family: 'inet', priority: 200, to: '10.99.0.1/32', action: 'prohibit' },
      { family: 'inet', priority: 32766, table: 254, action: 'lookup' },
      { family: 'inet', priority: 32767, table: 253, action: 'lookup' },
    ]);
  });

  it('neighbours are kept, entries that the kernel makes up for groups are not', () => {
    const neighbours = decodeAll(dumps.neighbours, decodeNeighbour);
    for (const neighbour of neighbours) expect(Neighbour.safeParse(neighbour).error).toBeUndefined();
    expect(neighbours.map(({ raw: _, ...neighbour }) => neighbour)).toEqual([
      { linkIndex: 2, family: 'inet', ip: '10.240.2.2', mac: '0a:58:0a:f0:02:02', state: 'permanent', flags: [] },
    ]);
  });

  it('the forwarding database says behind which port a MAC is, and at which remote address', () => {
    const fdb = decodeAll(dumps.fdb, decodeFdbEntry);
    for (const entry of fdb) expect(FdbEntry.safeParse(entry).error).toBeUndefined();
    expect(fdb.map(({ raw: _, ...entry }) => entry)).toEqual([
      { linkIndex: 2, mac: '0a:58:0a:f0:02:01', masterIndex: 2, state: 'permanent', flags: [] },
      { linkIndex: 3, mac: '0a:58:0a:f0:02:02', masterIndex: 2, state: 'reachable', flags: [] },
      { linkIndex: 3, mac: '0a:58:00:00:00:0a', masterIndex: 2, state: 'permanent', flags: [] },
      {
        linkIndex: 4,
        mac: '00:00:00:00:00:00',
        remoteIp: '192.168.31.162',
        state: 'permanent',
        flags: ['self'],
      },
    ]);
  });
});
