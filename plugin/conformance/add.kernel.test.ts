import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InvocationEvent } from '#model/cni/invocation-event.ts';
import type { JsonObject } from '#model/json.ts';
import { type CniOutcome, type KernelWorld, openKernelWorld } from '#plugin/testing/kernel-world.ts';
import { ipamConfiguration, podCidrConfiguration } from '#plugin/testing/network-configuration.ts';

let world: KernelWorld;

beforeEach(async () => {
  world = await openKernelWorld();
  world.addNamespaces('one', 'two');
});

afterEach(() => world[Symbol.dispose]());

function add(containerId: string, netns: string, input: JsonObject | string = podCidrConfiguration()): CniOutcome {
  return world.cni({ command: 'ADD', containerId, netns, ifName: 'eth0', input });
}

/** Nothing of a pod on the node or in the namespace: the bridge alone may stay. */
function expectNothingLeft(netns: string): void {
  expect(world.listLinkNames().filter((name) => name !== 'cni0')).toEqual([]);
  expect(world.listLinkNames(netns)).toEqual([]);
  expect(world.listReservations('podnet')).toEqual([]);
}

describe('ADD wires a pod', () => {
  it('21, 25: with a bridge that is up, owns the gateway address and has a MAC of its own', () => {
    expect(add('c1', 'one').exitCode).toBe(0);
    const bridge = world.ipOne('address', 'show', 'dev', 'cni0');
    expect(bridge).toMatchObject({ ifname: 'cni0', address: '0a:58:0a:f0:02:01', linkinfo: { info_kind: 'bridge' } });
    expect(bridge.flags).toContain('UP');
    const inet = bridge.addr_info.filter(({ family }) => family === 'inet');
    expect(inet).toMatchObject([{ local: '10.240.2.1', prefixlen: 24, broadcast: '10.240.2.255' }]);
    expect(world.exec('cat', '/proc/sys/net/ipv4/ip_forward').trim()).toBe('1');
  });

  it('18, 25: with a veth pair whose host end is an up port of the bridge and whose pod end is the other side', () => {
    const { answer, hostVethName } = add('c1', 'one');
    const hostVeth = world.ipOne('link', 'show', 'dev', hostVethName);
    const podVeth = world.ipOne('-n', 'one', 'link', 'show', 'dev', 'eth0');
    expect(hostVeth).toMatchObject({
      master: 'cni0',
      address: answer.interfaces[1]?.mac,
      linkinfo: { info_kind: 'veth' },
    });
    expect(hostVeth.flags).toEqual(expect.arrayContaining(['UP', 'LOWER_UP']));
    expect(podVeth).toMatchObject({ address: '0a:58:0a:f0:02:02', linkinfo: { info_kind: 'veth' } });
    expect(podVeth.flags).toEqual(expect.arrayContaining(['UP', 'LOWER_UP']));
    expect([podVeth.link_index, hostVeth.link_index]).toEqual([hostVeth.ifindex, podVeth.ifindex]);
  });

  it('with its address and a default route through the bridge', () => {
    add('c1', 'one');
    const podVeth = world.ipOne('-n', 'one', '-4', 'address', 'show', 'dev', 'eth0');
    expect(podVeth.addr_info).toMatchObject([{ local: '10.240.2.2', prefixlen: 24, broadcast: '10.240.2.255' }]);
    expect(world.ip('-n', 'one', 'route')).toMatchObject([
      { dst: 'default', gateway: '10.240.2.1', dev: 'eth0', protocol: '112' },
      { dst: '10.240.2.0/24', dev: 'eth0', prefsrc: '10.240.2.2' },
    ]);
  });

  it('so that two pods reach each other and the gateway although FORWARD drops everything else', () => {
    world.exec('iptables', '-P', 'FORWARD', 'DROP');
    add('c1', 'one');
    const second = add('c2', 'two');
    expect(second.addresses[0]).toBe('10.240.2.3/24');
    world.exec('ip', 'netns', 'exec', 'one', 'ping', '-c1', '-W2', '10.240.2.3');
    world.exec('ip', 'netns', 'exec', 'two', 'ping', '-c1', '-W2', '10.240.2.1');
  });

  it('26: and knows the neighbour before the first packet, also when an earlier pod left another MAC behind', () => {
    add('c1', 'one');
    world.cni({ command: 'DEL', containerId: 'c1', netns: 'one', ifName: 'eth0', input: podCidrConfiguration() });
    world.exec(
      'ip',
      'neighbour',
      'replace',
      '10.240.2.2',
      'lladdr',
      '02:00:00:00:00:01',
      'nud',
      'stale',
      'dev',
      'cni0',
    );
    const input = podCidrConfiguration();
    world.cni({ command: 'ADD', containerId: 'c2', netns: 'two', ifName: 'eth0', args: 'IP=10.240.2.2', input });
    const neighbour = world.ipOne('neighbour', 'show', '10.240.2.2');
    expect(neighbour).toMatchObject({ dev: 'cni0', lladdr: '0a:58:0a:f0:02:02' });
  });

  it('18: and answers with exactly what the kernel has', () => {
    const { answer, exitCode, stderr } = add('c1', 'one');
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(answer).toEqual({
      cniVersion: '1.1.0',
      interfaces: [
        { name: 'cni0', mac: '0a:58:0a:f0:02:01', mtu: 1500 },
        { name: expect.stringMatching(/^veth[0-9a-f]{11}$/), mac: expect.stringMatching(/^0e:/), mtu: 1500 },
        { name: 'eth0', mac: '0a:58:0a:f0:02:02', mtu: 1500, sandbox: '/run/netns/one' },
      ],
      ips: [{ interface: 2, address: '10.240.2.2/24', gateway: '10.240.2.1' }],
      routes: [{ dst: '0.0.0.0/0', gw: '10.240.2.1' }],
    });
  });

  it('21: with the MTU of the configuration on both ends, which the bridge takes over', () => {
    const { hostVethName } = add('c1', 'one', podCidrConfiguration({ mtu: 1400 }));
    expect(world.ipOne('link', 'show', 'dev', hostVethName).mtu).toBe(1400);
    expect(world.ipOne('-n', 'one', 'link', 'show', 'dev', 'eth0').mtu).toBe(1400);
    expect(world.ipOne('link', 'show', 'dev', 'cni0').mtu).toBe(1400);
  });

  it('23: with IPv4 and IPv6 at once, and the IPv6 address is usable when the answer is there', () => {
    const ranges = [[{ subnet: '10.9.0.0/24' }], [{ subnet: 'fd00:9::/64' }]];
    const { addresses } = add('c1', 'one', ipamConfiguration({ type: 'podwire', ranges }));
    expect(addresses).toEqual(['10.9.0.2/24', 'fd00:9::2/64']);
    const podVeth = world.ipOne('-n', 'one', '-6', 'address', 'show', 'dev', 'eth0', 'scope', 'global');
    expect(podVeth.addr_info).toMatchObject([{ local: 'fd00:9::2', prefixlen: 64, nodad: true }]);
    expect(podVeth.addr_info[0]?.tentative).toBeUndefined();
    world.exec('ip', 'netns', 'exec', 'one', 'ping', '-6', '-c1', '-W2', 'fd00:9::1');
  });

  it('on layer 2 only where the configuration has an empty ipam section', () => {
    const { answer, exitCode } = add('c1', 'one', ipamConfiguration({}));
    expect([exitCode, answer.ips]).toEqual([0, []]);
    const podVeth = world.ipOne('-n', 'one', 'address', 'show', 'dev', 'eth0');
    expect(podVeth.flags).toContain('UP');
    expect(podVeth.addr_info.filter(({ family }) => family === 'inet')).toEqual([]);
  });

  it('twice for one container id with two interface names and two addresses', () => {
    add('c1', 'one');
    const second = world.cni({
      command: 'ADD',
      containerId: 'c1',
      netns: 'one',
      ifName: 'eth1',
      input: podCidrConfiguration({ isDefaultGateway: false }),
    });
    expect(second.addresses[0]).toBe('10.240.2.3/24');
    expect(world.listLinkNames('one')).toEqual(['eth0', 'eth1']);
  });

  it('24: under another host name where the first one is a stranger’s link, which it leaves alone', () => {
    const first = add('c1', 'one').hostVethName;
    world.cni({ command: 'DEL', containerId: 'c1', netns: 'one', ifName: 'eth0', input: podCidrConfiguration() });
    world.exec('ip', 'link', 'add', first, 'type', 'bridge');
    const second = add('c1', 'one');
    expect(second.exitCode).toBe(0);
    expect(second.hostVethName).not.toBe(first);
    world.cni({ command: 'DEL', containerId: 'c1', netns: 'one', ifName: 'eth0', input: podCidrConfiguration() });
    expect(world.listLinkNames()).toEqual(['cni0', first]);
  });
});

describe('19: an ADD that fails leaves nothing behind', () => {
  it('15: when the namespace does not exist: code 8', () => {
    const { answer, exitCode } = add('c1', 'missing');
    expect([exitCode, answer.code]).toEqual([1, 8]);
    expect(answer.msg).toContain('/run/netns/missing');
    expectNothingLeft('one');
  });

  it('16: when the namespace is the plugin’s own: code 8, before anything is done', () => {
    const { answer } = add('c1', '/proc/self/ns/net');
    expect(answer.code).toBe(8);
    expect(world.listLinkNames()).toEqual([]);
    expectNothingLeft('one');
  });

  it.each(['1', 'true'])('16: unless CNI_NETNS_OVERRIDE is %s: then the node itself is wired', (override) => {
    const call = { containerId: 'c1', netns: '/proc/self/ns/net', ifName: 'eth0', input: podCidrConfiguration() };
    const variables = { CNI_NETNS_OVERRIDE: override };
    expect(world.cni({ command: 'ADD', variables, ...call }).exitCode).toBe(0);
    expect(world.listLinkNames()).toContain('eth0');
    expect(world.cni({ command: 'DEL', variables, ...call }).exitCode).toBe(0);
    expectNothingLeft('one');
  });

  it('15: when the file is no namespace: code 8', () => {
    expect(add('c1', '/proc/version').answer.code).toBe(8);
  });

  it('17: when the interface name is taken, also by a first ADD, which stays untouched', () => {
    const { hostVethName } = add('c1', 'one');
    const facts = (): unknown => [
      world.exec('ip', '-j', 'address', 'show', 'dev', hostVethName),
      world.exec('ip', '-n', 'one', '-j', 'address'),
      world.ip('-n', 'one', 'route', 'show', 'table', 'all'),
      world.listReservations('podnet'),
    ];
    const before = facts();
    for (const containerId of ['c1', 'c2']) {
      const { exitCode, answer } = add(containerId, 'one');
      expect([exitCode, answer.code]).toEqual([1, 105]);
      expect(facts()).toEqual(before);
    }
  });

  it('20: when every address is taken: the range is named and the namespace stays empty', () => {
    const input = ipamConfiguration({ subnet: '10.9.0.0/30' });
    expect(add('c1', 'one', input).addresses[0]).toBe('10.9.0.2/30');
    const { answer, exitCode } = add('c2', 'two', input);
    expect([exitCode, answer.code]).toEqual([1, 101]);
    expect(answer.msg).toContain('10.9.0.1-10.9.0.2 of 10.9.0.0/30');
    expect(world.listLinkNames('two')).toEqual([]);
    expect(world.listReservations('podnet')).toEqual(['10.9.0.2']);
    expect(world.cni({ command: 'STATUS', input }).answer.code).toBe(50);
  });

  it('when a later step fails: earlier steps are taken back and say so', () => {
    const routes = [{ dst: '192.0.2.0/24', gw: '203.0.113.1' }];
    const { answer, exitCode } = add('c1', 'one', ipamConfiguration({ subnet: '10.9.0.0/24', routes }));
    expect([exitCode, answer.code]).toEqual([1, 100]);
    expect(answer.msg).toContain('route 192.0.2.0/24 via 203.0.113.1 on eth0: ENETUNREACH');
    expectNothingLeft('one');
    const steps = world.readJournal()[0]?.data.steps ?? [];
    expect(steps.filter(({ undone }) => undone).map(({ name }) => name)).toEqual(['ipam.reserve', 'veth.create']);
    expect(steps.at(-1)).toMatchObject({ name: 'route.add', outcome: 'error' });
  });

  it('22: when the bridge’s name is another kind of link', () => {
    world.exec('ip', 'link', 'add', 'cni0', 'type', 'veth', 'peer', 'name', 'stranger', 'netns', 'two');
    expect(add('c1', 'one').answer).toMatchObject({ code: 104, msg: expect.stringContaining('is no bridge') });
    expectNothingLeft('one');
  });

  it('22: when the bridge has an address of another subnet, which forceAddress replaces', () => {
    add('c1', 'one', ipamConfiguration({ subnet: '10.8.0.0/24' }));
    const input = ipamConfiguration({ subnet: '10.9.0.0/24' });
    expect(add('c2', 'two', input).answer.code).toBe(104);
    expect(add('c2', 'two', { ...input, forceAddress: true }).exitCode).toBe(0);
    const bridge = world.ipOne('-4', 'address', 'show', 'dev', 'cni0');
    expect(bridge.addr_info).toMatchObject([{ local: '10.9.0.1' }]);
  });

  it('when a requested address is not in the range', () => {
    const args = 'IgnoreUnknown=1;IP=10.99.0.1';
    const outcome = world.cni({
      command: 'ADD',
      containerId: 'c1',
      netns: 'one',
      ifName: 'eth0',
      args,
      input: podCidrConfiguration(),
    });
    expect(outcome.answer.code).toBe(102);
    expectNothingLeft('one');
  });

  it('when nobody takes the result', () => {
    const variables = 'CNI_COMMAND=ADD CNI_CONTAINERID=c1 CNI_NETNS=/run/netns/one CNI_IFNAME=eth0';
    const script = `(sleep 0.3; printf %s '${JSON.stringify(podCidrConfiguration())}') | ${variables} ${process.cwd()}/dist/podwire | true; sleep 0.5`;
    world.exec('sh', '-c', script);
    expectNothingLeft('one');
  });
});

describe('parallel ADDs', () => {
  it('34: fifty at once all succeed with fifty addresses, fifty veths and one set of rules', {
    timeout: 60_000,
  }, async () => {
    const names = Array.from({ length: 50 }, (_, index) => `pod${index}`);
    world.addNamespaces(...names);
    const input = podCidrConfiguration();
    const outcomes = await Promise.all(
      names.map((netns) => world.cniInParallel({ command: 'ADD', containerId: netns, netns, ifName: 'eth0', input })),
    );
    expect(outcomes.filter(({ exitCode }) => exitCode !== 0)).toEqual([]);
    expect(new Set(outcomes.map(({ addresses }) => addresses[0])).size).toBe(50);
    expect(world.listLinkNames().length).toBe(51);
    expect(world.exec('iptables', '-S', 'FORWARD').trim().split('\n')).toHaveLength(2);
    const events = world.readJournal();
    expect(events).toHaveLength(50);
    for (const event of events) InvocationEvent.parse(event);
  });
});
