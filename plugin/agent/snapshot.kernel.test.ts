import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KernelSnapshot, type NetworkNamespace } from '#model/kernel/kernel-snapshot.ts';
import { findSandboxObstacle, KernelSandbox, podwireExecutable } from './kernel-sandbox.ts';
import { type IpLink, tableNumber, testNodeScript } from './test-node-script.ts';

const obstacle = findSandboxObstacle();
if (obstacle !== undefined) console.warn(`skipped: ${obstacle}`);

const names = ['cni-1111', 'cni-2222'];
const places = ['the node', ...names];

describe.skipIf(obstacle !== undefined)('a snapshot of a node, beside what iproute2 says', () => {
  let sandbox: KernelSandbox;
  let snapshot: KernelSnapshot;

  beforeAll(async () => {
    sandbox = await KernelSandbox.start();
    sandbox.run(testNodeScript);
    snapshot = KernelSnapshot.parse(sandbox.readJson(`PODWIRE_NODE=k8s-node01 ${podwireExecutable} snapshot`));
  });
  afterAll(async () => sandbox?.stop());

  const find = (place: string): NetworkNamespace => {
    const found = snapshot.namespaces.find(({ kind, names: bound }) =>
      place === 'the node' ? kind === 'root' : bound.includes(`/var/run/netns/${place}`),
    );
    if (found === undefined) throw new Error(`no namespace for ${place} in the snapshot`);
    return found;
  };
  const inside = (place: string): string => (place === 'the node' ? '' : `ip netns exec ${place} `);
  const readLinks = (place: string): IpLink[] => sandbox.readJson(`${inside(place)}ip -j -d link`);
  const indexOf = (place: string, name: unknown): number | undefined =>
    readLinks(place).find(({ ifname }) => ifname === name)?.ifindex;

  it('every namespace is there once, with its names and its kind', () => {
    const inode = (path: string): string => sandbox.run(`stat -L -c %i ${path}`).trim();
    const told = snapshot.namespaces.map(({ id, kind, names: bound }) => ({ id, kind, bound }));
    expect(told.slice(0, 3)).toEqual([
      { id: inode('/proc/self/ns/net'), kind: 'root', bound: [] },
      { id: inode('/run/netns/cni-1111'), kind: 'pod', bound: ['/var/run/netns/cni-1111'] },
      { id: inode('/run/netns/cni-2222'), kind: 'pod', bound: ['/var/run/netns/cni-2222'] },
    ]);
    // The one that only the sleeping process holds.
    expect(told.slice(3)).toEqual([{ id: expect.stringMatching(/^\d+$/), kind: 'other', bound: [] }]);
    expect(snapshot.node).toBe('k8s-node01');
  });

  it.each(places)('links of %s', (place) => {
    const expected = readLinks(place).map((link) => ({
      index: link.ifindex,
      name: link.ifname,
      kind: link.linkinfo?.info_kind,
      mac: link.address,
      mtuBytes: link.mtu,
      // iproute2 replaces RUNNING by its opposite, and adds a sign for the other end being down.
      flags: link.flags.filter((flag) => !['NO-CARRIER', 'M-DOWN'].includes(flag)).sort(),
      operState: link.operstate.toLowerCase(),
      masterIndex: link.master === undefined ? undefined : indexOf(place, link.master),
      lower: link.link_index ?? (link.link == null ? undefined : indexOf(place, link.link)),
    }));
    const told = find(place).links.map((link) => ({
      index: link.index,
      name: link.name,
      kind: link.kind,
      mac: link.mac,
      mtuBytes: link.mtuBytes,
      flags: link.flags.filter((flag) => flag !== 'RUNNING').sort(),
      operState: link.operState,
      masterIndex: link.masterIndex,
      lower: link.peer?.index ?? link.parentIndex ?? link.remoteParent?.index,
    }));
    expect(told).toEqual(expected);
    expect(told.length).toBeGreaterThan(1);
  });

  it('both ends of a veth name each other across namespaces', () => {
    for (const [number, name] of names.entries()) {
      const hostVeth = find('the node').links.find((link) => link.name === `veth${number + 1}`);
      const podVeth = find(name).links.find((link) => link.name === 'eth0');
      expect(hostVeth?.peer).toEqual({ index: podVeth?.index, namespaceId: find(name).id });
      expect(podVeth?.peer).toEqual({ index: hostVeth?.index, namespaceId: find('the node').id });
    }
  });

  it('a macvlan in a pod names its parent in the node', () => {
    const macvlan = find('cni-2222').links.find(({ name }) => name === 'mac0');
    expect(macvlan?.kind).toBe('macvlan');
    expect(macvlan?.remoteParent).toEqual({ index: indexOf('the node', 'uplink'), namespaceId: find('the node').id });
  });

  it('flags of bridge ports and settings of the vxlan', () => {
    for (const { ifname, linkinfo } of readLinks('the node')) {
      const link = find('the node').links.find(({ name }) => name === ifname);
      const port = linkinfo?.info_slave_data;
      const { state, hairpin, isolated, learning, flood } = port ?? {};
      expect(link?.port).toEqual(port && { state, hairpin, isolated, learning, flood });
      const data = linkinfo?.info_kind === 'vxlan' ? linkinfo.info_data : undefined;
      expect(link?.vxlan).toEqual(
        data && { id: data.id, port: data.port, localIp: data.local, learning: data.learning },
      );
    }
  });

  it.each(places)('addresses of %s', (place) => {
    interface IpAddress {
      readonly ifindex: number;
      readonly addr_info: readonly { family: string; local: string; prefixlen: number; scope: string }[];
    }
    const expected = sandbox
      .readJson<IpAddress[]>(`${inside(place)}ip -j addr`)
      .flatMap(({ ifindex, addr_info }) =>
        addr_info.map(({ family, local, prefixlen, scope }) => `${ifindex} ${family} ${local}/${prefixlen} ${scope}`),
      );
    const told = find(place).addresses.map(
      ({ linkIndex, family, prefix, scope }) => `${linkIndex} ${family} ${prefix} ${scope}`,
    );
    expect(told.sort()).toEqual(expected.sort());
    expect(told.length).toBeGreaterThan(0);
  });

  it.each(places)('routes of every table of %s', (place) => {
    interface IpRoute {
      readonly type?: string;
      readonly dst: string;
      readonly gateway?: string;
      readonly dev?: string;
      readonly table?: string;
      readonly prefsrc?: string;
      readonly metric?: number;
      readonly nexthops?: readonly { gateway?: string; dev?: string; weight?: number }[];
    }
    for (const family of ['inet', 'inet6'] as const) {
      const links = readLinks(place);
      const index = (name: string | undefined): number | undefined =>
        links.find(({ ifname }) => ifname === name)?.ifindex;
      const length = family === 'inet' ? '/32' : '/128';
      const expected = sandbox
        .readJson<IpRoute[]>(`${inside(place)}ip -d -j -f ${family} route show table all`)
        .map((route) => ({
          type: route.type ?? 'unicast',
          destination: route.dst === 'default' || route.dst.includes('/') ? route.dst : `${route.dst}${length}`,
          table: tableNumber(route.table ?? 'main'),
          gateway: route.gateway,
          linkIndex: index(route.dev),
          preferredSource: route.prefsrc,
          metric: route.metric,
          nextHops: route.nexthops?.map(({ gateway, dev, weight }) => ({ gateway, linkIndex: index(dev), weight })),
        }));
      const told = find(place)
        .routes.filter((route) => route.family === family)
        .map(({ type, destination, table, gateway, linkIndex, preferredSource, metric, nextHops }) => {
          const known = { type, destination, table, gateway, linkIndex, preferredSource, metric, nextHops };
          return family === 'inet6' && metric === undefined ? { ...known, metric: 0 } : known;
        });
      expect(told).toEqual(expected);
    }
  });

  it.each(places)('policy rules of %s', (place) => {
    interface IpRule {
      readonly priority: number;
      readonly src: string;
      readonly srclen?: number;
      readonly dst?: string;
      readonly dstlen?: number;
      readonly iif?: string;
      readonly fwmark?: string;
      readonly fwmask?: string;
      readonly table?: string;
      readonly action?: string;
    }
    const expected = sandbox.readJson<IpRule[]>(`${inside(place)}ip -j rule`).map((rule) => ({
      priority: rule.priority,
      from: rule.src === 'all' ? undefined : `${rule.src}/${rule.srclen ?? 32}`,
      to: rule.dst === undefined ? undefined : `${rule.dst}/${rule.dstlen ?? 32}`,
      inputLink: rule.iif,
      mark: rule.fwmark === undefined ? undefined : `${rule.fwmark}/${rule.fwmask}`,
      table: rule.table === undefined ? undefined : tableNumber(rule.table),
      action: rule.action ?? 'lookup',
    }));
    const told = find(place)
      .rules.filter(({ family }) => family === 'inet')
      .map(({ priority, from, to, inputLink, mark, table, action }) => ({
        priority,
        from,
        to,
        inputLink,
        mark,
        table,
        action,
      }));
    expect(told).toEqual(expected);
  });

  it('neighbours of the node', () => {
    interface IpNeighbour {
      readonly dst: string;
      readonly dev: string;
      readonly lladdr?: string;
      readonly state: readonly string[];
    }
    const permanent = (entries: readonly string[]): string[] =>
      entries.filter((entry) => entry.includes('permanent')).sort();
    const expected = sandbox
      .readJson<IpNeighbour[]>('ip -j neigh')
      .map(
        ({ dst, dev, lladdr, state }) => `${dst} ${indexOf('the node', dev)} ${lladdr} ${state.join().toLowerCase()}`,
      );
    const told = find('the node').neighbours.map(
      ({ ip, linkIndex, mac, state }) => `${ip} ${linkIndex} ${mac} ${state}`,
    );
    // Entries that the kernel resolves by itself may change between the two readings.
    expect(permanent(told)).toEqual(permanent(expected));
    expect(permanent(told)).toHaveLength(2);
  });

  it('forwarding databases of the node', () => {
    interface BridgeFdb {
      readonly mac: string;
      readonly ifname: string;
      readonly master?: string;
      readonly dst?: string;
      readonly vlan?: number;
      readonly state: string;
      readonly flags: readonly string[];
    }
    const expected = sandbox
      .readJson<BridgeFdb[]>('bridge -j fdb')
      // Group addresses that a device listens to are in no forwarding database.
      .filter(({ mac, flags }) => !(flags.includes('self') && /^(01|33):/.test(mac)))
      .map(({ mac, ifname, master, dst, vlan, state }) =>
        [mac, indexOf('the node', ifname), indexOf('the node', master), dst, vlan, state].join(' '),
      );
    const told = find('the node').fdb.map(({ mac, linkIndex, masterIndex, remoteIp, vlan, state }) =>
      [mac, linkIndex, masterIndex, remoteIp, vlan, state === 'reachable' ? '' : state].join(' '),
    );
    const settled = (entries: readonly string[]): string[] =>
      entries.filter((entry) => /permanent|static/.test(entry)).sort();
    expect(settled(told)).toEqual(settled(expected));
    expect(settled(told).join('\n')).toContain('192.168.31.162');
  });

  it.each(places)('sysctls of %s', (place) => {
    const sysctls = find(place).sysctls;
    const lines = sandbox.run(`${inside(place)}sh -c 'cd /proc/sys; grep -H . net/ipv4/ip_forward \
      net/ipv4/conf/*/rp_filter net/ipv4/conf/*/forwarding net/ipv4/conf/*/proxy_arp net/ipv4/conf/*/route_localnet \
      net/ipv6/conf/*/forwarding net/ipv6/conf/*/disable_ipv6 net/bridge/bridge-nf-call-iptables'`);
    const expected = lines
      .trim()
      .split('\n')
      .map((line) => {
        const [, path = '', value = ''] = /^(.*):([^:]*)$/.exec(line) ?? [];
        return [path.replaceAll('/', '.'), value] as const;
      });
    for (const [name, value] of expected) expect(`${name}=${sysctls[name]}`).toBe(`${name}=${value}`);
    expect(expected.length).toBeGreaterThan(15);
  });

  it('netfilter of the node and of a pod, as the tools print it', () => {
    const readRules = (command: string): string[] =>
      sandbox
        .run(command)
        .split('\n')
        .filter((line) => /^\[\d+:\d+\] -A|^:/.test(line));
    for (const place of ['the node', 'cni-1111']) {
      const netfilter = find(place).netfilter;
      for (const [family, tool] of [
        ['inet', 'iptables-save'],
        ['inet6', 'ip6tables-save'],
      ] as const) {
        const tables = netfilter?.iptables.find((saved) => saved.family === family);
        const told = [
          ...(tables?.chains ?? []).map((chain) => `:${chain.chain} ${chain.policy ?? '-'}`),
          ...(tables?.rules ?? []).map(({ text }) => text),
        ];
        const expected = readRules(`${inside(place)}${tool} -c`).map((line) =>
          line.replace(/^\[\d+:\d+\] | \[\d+:\d+\]$/g, ''),
        );
        expect(told.sort()).toEqual(expected.sort());
      }
      const listing = sandbox.readJson<{ nftables: object[] }>(`${inside(place)}nft -j list ruleset`).nftables;
      const withoutCounters = (value: unknown): string => JSON.stringify(value).replace(/"(packets|bytes)": ?\d+/g, '');
      expect(withoutCounters(netfilter?.nft)).toBe(withoutCounters(listing));
      expect(netfilter?.problems).toEqual([]);
    }
    expect(find('the node').netfilter?.iptables[0]?.rules.map(({ text }) => text)).toContain(
      '-A FORWARD -i cni0 -m comment --comment "from a pod" -j ACCEPT',
    );
    expect(find('cni-2222').netfilter).toEqual({ iptables: [], nft: [], ipsets: [], problems: [] });
  });
});
