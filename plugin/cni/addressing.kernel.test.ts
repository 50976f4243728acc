import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '#model/json.ts';
import type { CniCall, CniOutcome, KernelWorld } from '#plugin/testing/kernel-world.ts';
import { openKernelWorld } from '#plugin/testing/kernel-world.ts';
import { ipamConfiguration, podCidrConfiguration } from '#plugin/testing/network-configuration.ts';

let world: KernelWorld;

beforeEach(async () => {
  world = await openKernelWorld();
  world.addNamespaces('one', 'two', 'three');
});

afterEach(() => world[Symbol.dispose]());

/** The container is named like its namespace. */
const callWith =
  (changes: Partial<CniCall>) =>
  (command: string, netns: string, input: JsonObject): CniOutcome =>
    world.cni({ command, containerId: netns, netns, ifName: 'eth0', input, ...changes });

const call = callWith({});

const check = (netns: string, added: CniOutcome, input: JsonObject): CniOutcome =>
  call('CHECK', netns, { ...input, prevResult: JSON.parse(added.stdout) as JsonObject });

const ping = (netns: string, address: string): string =>
  world.exec('ip', 'netns', 'exec', netns, 'ping', '-c1', '-W2', address);

const silent = { exitCode: 0, stdout: '', stderr: '' };

describe('a network of layer 2 only', () => {
  const input = ipamConfiguration({}, { isGateway: true, ipMasq: true });

  it('has links that are up, and no address, route or rule anywhere', () => {
    const added = call('ADD', 'one', input);
    expect([added.exitCode, added.addresses]).toEqual([0, []]);
    expect(added.answer).not.toHaveProperty('routes');
    expect(world.ipOne('-n', 'one', 'link', 'show', 'dev', 'eth0').flags).toEqual(
      expect.arrayContaining(['UP', 'LOWER_UP']),
    );
    expect(world.ip('-n', 'one', 'address', 'show', 'dev', 'eth0', 'scope', 'global')).toEqual([]);
    expect(world.ip('address', 'show', 'dev', 'cni0', 'scope', 'global')).toEqual([]);
    expect(world.exec('iptables-save')).not.toContain('PODWIRE');
    expect(check('one', added, input)).toMatchObject(silent);
  });

  it('carries what pods give themselves, and each interface has a MAC of its own', () => {
    const first = call('ADD', 'one', input);
    const second = callWith({ ifName: 'eth1' })('ADD', 'one', input);
    const third = call('ADD', 'two', input);
    const macs = [first, second, third].map(({ answer }) => answer.interfaces[2]?.mac);
    expect(new Set(macs).size).toBe(3);
    world.exec('ip', '-n', 'one', 'address', 'add', 'fd00:5::1/64', 'dev', 'eth0', 'nodad');
    world.exec('ip', '-n', 'two', 'address', 'add', 'fd00:5::2/64', 'dev', 'eth0', 'nodad');
    ping('one', 'fd00:5::2');
  });

  it('goes on DEL without namespace, and twice', () => {
    call('ADD', 'one', input);
    expect(callWith({ netns: '' })('DEL', 'one', input)).toMatchObject(silent);
    expect(call('DEL', 'one', input)).toMatchObject(silent);
    expect(world.listLinkNames()).toEqual(['cni0']);
    expect(world.listLinkNames('one')).toEqual([]);
  });

  it('leaves the pod’s end down where somebody else sets it up', () => {
    const down = { ...input, disableContainerInterface: true };
    const added = call('ADD', 'one', down);
    expect(added.exitCode).toBe(0);
    expect(world.ipOne('-n', 'one', 'link', 'show', 'dev', 'eth0').flags).not.toContain('UP');
    expect(check('one', added, down)).toMatchObject(silent);
  });
});

describe('several ranges', () => {
  const ranges = [[{ subnet: '10.8.0.0/30' }, { subnet: '10.9.0.0/24' }], [{ subnet: 'fd00:9::/64' }]];
  const input = ipamConfiguration({ ranges });

  it('of one set are used one after the other, each with its own gateway, and their pods reach each other', () => {
    const outcomes = ['one', 'two'].map((netns) => call('ADD', netns, input));
    expect(outcomes.map(({ addresses }) => addresses)).toEqual([
      ['10.8.0.2/30', 'fd00:9::2/64'],
      ['10.9.0.2/24', 'fd00:9::3/64'],
    ]);
    expect(outcomes[1]?.answer.ips.map(({ gateway }) => gateway)).toEqual(['10.9.0.1', 'fd00:9::1']);
    const bridge = world.ipOne('address', 'show', 'dev', 'cni0', 'scope', 'global').addr_info;
    expect(bridge.map(({ local }) => local)).toEqual(['10.8.0.1', '10.9.0.1', 'fd00:9::1']);
    ping('one', '10.9.0.2');
    ping('one', 'fd00:9::3');
    ping('two', '10.8.0.1');
    for (const [index, netns] of ['one', 'two'].entries()) {
      const added = outcomes[index];
      if (added !== undefined) expect(check(netns, added, input)).toMatchObject(silent);
    }
  });
});

describe('IPv6', () => {
  it('on a bridge that has an IPv4 network already needs no force', () => {
    call('ADD', 'one', podCidrConfiguration());
    const input = ipamConfiguration({ subnet: 'fd00:9::/64' }, { name: 'six' });
    expect(call('ADD', 'two', input).addresses).toEqual(['fd00:9::2/64']);
    ping('two', 'fd00:9::1');
    expect(world.ip('neighbour', 'show', 'fd00:9::2')).toMatchObject([
      { dev: 'cni0', lladdr: world.ipOne('-n', 'two', 'link', 'show', 'dev', 'eth0').address },
    ]);
  });

  it('that a runtime switched off in the namespace is on where the pod has an IPv6 address', () => {
    for (const scope of ['all', 'default'])
      world.exec('ip', 'netns', 'exec', 'one', 'sysctl', '-w', `net.ipv6.conf.${scope}.disable_ipv6=1`);
    const input = ipamConfiguration({ ranges: [[{ subnet: '10.9.0.0/24' }], [{ subnet: 'fd00:9::/64' }]] });
    expect(call('ADD', 'one', input).addresses).toEqual(['10.9.0.2/24', 'fd00:9::2/64']);
    ping('one', 'fd00:9::1');
  });
});

describe('what a runtime asks for', () => {
  const ranges = [[{ subnet: '10.9.0.0/24' }], [{ subnet: 'fd00:9::/64' }]];

  it('is given in both families, also as runtimeConfig and with a MAC', () => {
    const runtimeConfig = { ips: ['10.9.0.40/24', 'fd00:9::40'], mac: '02:00:00:00:00:40' };
    const added = call('ADD', 'one', ipamConfiguration({ ranges }, { runtimeConfig }));
    expect(added.addresses).toEqual(['10.9.0.40/24', 'fd00:9::40/64']);
    expect(added.answer.interfaces[2]?.mac).toBe('02:00:00:00:00:40');
    for (const address of ['10.9.0.40', 'fd00:9::40'])
      expect(world.ip('neighbour', 'show', address)).toMatchObject([{ lladdr: '02:00:00:00:00:40' }]);
  });

  it('and cannot all be given leaves none of it reserved', () => {
    const input = ipamConfiguration({ ranges });
    callWith({ args: 'IP=fd00:9::40' })('ADD', 'one', input);
    const { answer } = call('ADD', 'two', { ...input, runtimeConfig: { ips: ['10.9.0.41', 'fd00:9::40'] } });
    expect(answer).toMatchObject({ code: 102, msg: expect.stringContaining('fd00:9::40 is held by one') });
    expect(world.listReservations('podnet')).not.toContain('10.9.0.41');
  });
});

describe('a reused address', () => {
  it('25, 26: has the MAC it had, so that no pod that remembers it is cut off', () => {
    const input = podCidrConfiguration();
    call('ADD', 'three', input);
    const macs = ['one', 'two'].map((netns) => {
      const { answer } = callWith({ args: 'IP=10.240.2.50' })('ADD', netns, input);
      ping('three', '10.240.2.50');
      call('DEL', netns, input);
      return answer.interfaces[2]?.mac;
    });
    expect(macs).toEqual(['0a:58:0a:f0:02:32', '0a:58:0a:f0:02:32']);
    expect(world.ip('-n', 'three', 'neighbour', 'show', '10.240.2.50')).toMatchObject([{ lladdr: macs[0] }]);
  });
});

describe('CHECK', () => {
  const input = ipamConfiguration({ ranges: [[{ subnet: '10.9.0.0/24' }], [{ subnet: 'fd00:9::/64' }]] });

  it.each([
    [
      'the gateway address is gone',
      ['ip', 'address', 'del', '10.9.0.1/24', 'dev', 'cni0'],
      'gateway 10.9.0.1/24 is gone',
    ],
    ['the node forwards no IPv4', ['sysctl', '-w', 'net.ipv4.ip_forward=0'], 'forwards no IPv4'],
    ['the node forwards no IPv6', ['sysctl', '-w', 'net.ipv6.conf.all.forwarding=0'], 'forwards no IPv6'],
    ['the bridge is down', ['ip', 'link', 'set', 'cni0', 'down'], 'cni0 is down'],
  ])('fails when %s', (_, [program = '', ...words], message) => {
    const added = call('ADD', 'one', input);
    expect(check('one', added, input)).toMatchObject(silent);
    world.exec(program, ...words);
    expect(check('one', added, input).answer).toMatchObject({ code: 106, msg: expect.stringContaining(message) });
  });
});
