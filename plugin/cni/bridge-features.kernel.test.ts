import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '#model/json.ts';
import type { CniOutcome, KernelWorld } from '#plugin/testing/kernel-world.ts';
import { openKernelWorld } from '#plugin/testing/kernel-world.ts';
import { ipamConfiguration, podCidrConfiguration } from '#plugin/testing/network-configuration.ts';

let world: KernelWorld;

beforeEach(async () => {
  world = await openKernelWorld();
  world.addNamespaces('one', 'two', 'three');
});

afterEach(() => world[Symbol.dispose]());

/** The container is named like its namespace. */
function call(command: string, netns: string, input: JsonObject): CniOutcome {
  return world.cni({ command, containerId: netns, netns, ifName: 'eth0', input });
}

function add(netns: string, input: JsonObject): CniOutcome {
  const outcome = call('ADD', netns, input);
  expect([outcome.exitCode, outcome.stdout]).toEqual([0, outcome.stdout]);
  return outcome;
}

const check = (netns: string, added: CniOutcome, input: JsonObject): CniOutcome =>
  call('CHECK', netns, { ...input, prevResult: JSON.parse(added.stdout) as JsonObject });

const isReachable = (netns: string, address: string): boolean =>
  world.try(['ip', 'netns', 'exec', netns, 'ping', '-c1', '-W1', address]).exitCode === 0;

const silent = { exitCode: 0, stdout: '', stderr: '' };

describe('portIsolation', () => {
  it('keeps isolated pods from each other, not from the gateway and not from a pod that is not isolated', () => {
    const isolated = podCidrConfiguration({ portIsolation: true });
    const first = add('one', isolated);
    add('two', isolated);
    add('three', podCidrConfiguration());
    expect(isReachable('one', '10.240.2.3')).toBe(false);
    expect(isReachable('one', '10.240.2.1')).toBe(true);
    expect(isReachable('one', '10.240.2.4')).toBe(true);
    expect(check('one', first, isolated)).toMatchObject(silent);
    world.exec('bridge', 'link', 'set', 'dev', first.hostVethName, 'isolated', 'off');
    expect(check('one', first, isolated).answer).toMatchObject({ code: 106, msg: expect.stringContaining('isolated') });
  });
});

describe('21: hairpinMode', () => {
  const mac = '0a:58:0a:f0:02:02';
  const inPod = ['ip', 'netns', 'exec', 'one'] as const;

  /** How many frames with its own MAC as source the pod got back after it sent a broadcast that the second pod got. */
  function countReturnedFrames(): number {
    for (const netns of ['one', 'two']) {
      const chain = '{ type filter hook ingress device eth0 priority 0; }';
      const rules = `table netdev t { chain c ${chain}; }; add rule netdev t c ether saddr ${mac} counter;`;
      expect(world.try(['ip', 'netns', 'exec', netns, 'nft', '-f', '-'], `${rules}\n`).stderr).toBe('');
    }
    world.try([...inPod, 'ping', '-c1', '-W1', '10.240.2.99']);
    const received = (netns: string): number =>
      Number(/packets (\d+)/.exec(world.exec('ip', 'netns', 'exec', netns, 'nft', 'list', 'ruleset'))?.[1]);
    expect(received('two')).toBeGreaterThan(0);
    return received('one');
  }

  it('sends a pod’s own frames back to it', () => {
    add('one', podCidrConfiguration({ hairpinMode: true }));
    add('two', podCidrConfiguration());
    expect(countReturnedFrames()).toBeGreaterThan(0);
  });

  it('lets a pod reach itself through its service, as kube-proxy sets one up', async () => {
    add('one', podCidrConfiguration({ hairpinMode: true }));
    const service = ['-d', '10.96.0.1', '-p', 'tcp', '--dport', '80', '-j', 'DNAT', '--to', '10.240.2.2:80'] as const;
    world.exec('iptables', '-t', 'nat', '-A', 'PREROUTING', ...service);
    const itself = ['-s', '10.240.2.2', '-d', '10.240.2.2', '-j', 'MASQUERADE'] as const;
    world.exec('iptables', '-t', 'nat', '-I', 'POSTROUTING', ...itself);
    const script = "require('net').createServer((s) => s.end('me')).listen(80, () => console.log('ready'))";
    await once(world.spawn([...inPod, process.execPath, '-e', script]).stdout, 'data');
    const ask = 'timeout 5 cat < /dev/tcp/10.96.0.1/80';
    expect(world.try([...inPod, 'bash', '-c', ask]).stdout).toBe('me');
  });

  it('is off unless asked for: no frame comes back', () => {
    add('one', podCidrConfiguration());
    add('two', podCidrConfiguration());
    expect(countReturnedFrames()).toBe(0);
  });

  it('is missed by CHECK', () => {
    const input = podCidrConfiguration({ hairpinMode: true });
    const added = add('one', input);
    expect(check('one', added, input)).toMatchObject(silent);
    world.exec('bridge', 'link', 'set', 'dev', added.hostVethName, 'hairpin', 'off');
    expect(check('one', added, input).answer).toMatchObject({
      code: 106,
      msg: expect.stringContaining('hairpin is off'),
    });
  });
});

describe('promiscMode', () => {
  it('makes the bridge promiscuous, also one that was there, and CHECK misses it', () => {
    add('one', podCidrConfiguration());
    const input = podCidrConfiguration({ promiscMode: true });
    const added = add('two', input);
    expect(world.ipOne('link', 'show', 'dev', 'cni0').flags).toContain('PROMISC');
    expect(check('two', added, input)).toMatchObject(silent);
    world.exec('ip', 'link', 'set', 'cni0', 'promisc', 'off');
    expect(check('two', added, input).answer).toMatchObject({ code: 106, msg: 'cni0 is not promiscuous' });
  });
});

describe('routes', () => {
  const routes = [
    { dst: '192.0.2.0/24', mtu: 1400, advmss: 1300, priority: 50 },
    { dst: '198.51.100.0/24', gw: '10.9.0.9', table: 1000 },
    { dst: '203.0.113.0/24', scope: 0, table: 20 },
    { dst: 'fd00:1::/64', priority: 7, mtu: 1280 },
  ];
  const ranges = [[{ subnet: '10.9.0.0/24' }], [{ subnet: 'fd00:9::/64' }]];
  const input = ipamConfiguration({ ranges, routes });

  it('carry mtu, advmss, priority, table and scope into the kernel and into the result of CNI 1.1.0', () => {
    const added = add('one', input);
    expect(added.answer).toMatchObject({
      routes: [
        { dst: '192.0.2.0/24', gw: '10.9.0.1', mtu: 1400, advmss: 1300, priority: 50 },
        { dst: '198.51.100.0/24', gw: '10.9.0.9', table: 1000 },
        { dst: '203.0.113.0/24', gw: '10.9.0.1', scope: 0, table: 20 },
        { dst: 'fd00:1::/64', gw: 'fd00:9::1', priority: 7, mtu: 1280 },
      ],
    });
    const show = (...words: string[]): string => world.exec('ip', '-n', 'one', ...words).trim();
    expect(show('route', 'show', '192.0.2.0/24')).toBe(
      '192.0.2.0/24 via 10.9.0.1 dev eth0 proto 112 metric 50 mtu 1400 advmss 1300',
    );
    expect(show('route', 'show', 'table', '1000')).toBe('198.51.100.0/24 via 10.9.0.9 dev eth0 proto 112');
    expect(show('route', 'show', 'table', '20')).toBe('203.0.113.0/24 via 10.9.0.1 dev eth0 proto 112');
    expect(show('-6', 'route', 'show', 'fd00:1::/64')).toMatch(/via fd00:9::1 dev eth0 proto 112 metric 7 mtu 1280/);
    expect(check('one', added, input)).toMatchObject(silent);
  });

  it('are told without the details in older versions', () => {
    const { answer } = add('one', { ...input, cniVersion: '1.0.0' });
    expect(answer).toMatchObject({ routes: expect.arrayContaining([{ dst: '192.0.2.0/24', gw: '10.9.0.1' }]) });
  });

  it.each([
    [['route', 'del', '198.51.100.0/24', 'table', '1000'], 'route 198.51.100.0/24 via 10.9.0.9 table 1000'],
    [['route', 'change', '192.0.2.0/24', 'via', '10.9.0.1', 'metric', '50', 'mtu', '1390'], 'route 192.0.2.0/24'],
  ])('are missed by CHECK after ip %j', (words, message) => {
    const added = add('one', input);
    world.exec('ip', '-n', 'one', ...words);
    expect(check('one', added, input).answer).toMatchObject({ code: 106, msg: expect.stringContaining(message) });
  });

  it('to the pod’s own subnet stay the kernel’s', () => {
    const { answer } = add('one', ipamConfiguration({ subnet: '10.9.0.0/24', routes: [{ dst: '10.9.0.0/24' }] }));
    expect(answer).not.toHaveProperty('routes');
  });

  it('of another family than their gateway are refused', () => {
    const wrong = ipamConfiguration({ subnet: '10.9.0.0/24', routes: [{ dst: '10.0.0.0/8', gw: 'fd00::1' }] });
    expect(call('ADD', 'one', wrong).answer.code).toBe(7);
  });
});

describe('enabledad', () => {
  const input = ipamConfiguration({ ranges: [[{ subnet: 'fd00:9::/64' }]] }, { enabledad: true });

  it('asks the segment for each IPv6 address, and the answer waits for it', () => {
    add('one', input);
    const podVeth = world.ipOne('-n', 'one', '-6', 'address', 'show', 'dev', 'eth0', 'scope', 'global');
    expect(podVeth.addr_info).toMatchObject([{ local: 'fd00:9::2' }]);
    expect(podVeth.addr_info[0]).not.toHaveProperty('nodad');
    expect(podVeth.addr_info[0]?.tentative).toBeUndefined();
  });

  it('refuses an address that a machine on the bridge has, and gives it back', () => {
    add('one', podCidrConfiguration());
    world.exec('ip', '-n', 'one', 'address', 'add', 'fd00:9::2/64', 'dev', 'eth0', 'nodad');
    const { answer } = call('ADD', 'two', { ...input, name: 'other' });
    expect(answer).toMatchObject({ code: 102, msg: expect.stringContaining('fd00:9::2/64 is in use') });
    expect(world.listReservations('other')).toEqual([]);
    expect(world.listLinkNames('two')).toEqual([]);
  });
});

describe('a configuration', () => {
  const noAddress = podCidrConfiguration({ disableContainerInterface: true });
  const noFile = ipamConfiguration({ subnet: '10.9.0.0/24', resolvConf: '/none' });

  it.each([
    ['macspoofchk', podCidrConfiguration({ macspoofchk: true }), { code: 2, message: 'macspoofchk is not supported' }],
    ['an mtu too small', podCidrConfiguration({ mtu: 67 }), { code: 7, message: 'mtu 67 is not between 68 and 65535' }],
    ['addresses for a link that is to stay down', noAddress, { code: 7, message: 'no ipam' }],
    ['a resolvConf that is not there', noFile, { code: 5, message: '/none' }],
  ])('with %s is refused before anything is made', (_, input, { code, message }) => {
    expect(call('ADD', 'one', input).answer).toMatchObject({ code, msg: expect.stringContaining(message) });
    expect(world.listLinkNames()).toEqual([]);
  });

  it('with resolvConf puts nameservers, domain, search and options of the file into the result', () => {
    const text =
      '# of the node\nnameserver 10.0.0.53\nnameserver fd00::53\nsearch a.example\nsearch b.example c.example\n';
    world.try(['tee', '/run/resolv.conf'], `${text}domain example\noptions ndots:5 timeout:1 ; short\n`);
    const ipam = { subnet: '10.9.0.0/24', resolvConf: '/run/resolv.conf' };
    const dns = {
      nameservers: ['10.0.0.53', 'fd00::53'],
      options: ['ndots:5', 'timeout:1'],
      search: ['b.example', 'c.example'],
      domain: 'example',
    };
    expect(add('one', ipamConfiguration(ipam)).answer).toMatchObject({ dns });
    const own = { nameservers: ['192.0.2.53'] };
    expect(add('two', ipamConfiguration(ipam, { dns: own })).answer).toMatchObject({ dns: own });
  });

  it('21: with different mtus leaves the bridge the lowest, and the lowest again when that pod goes', () => {
    add('one', podCidrConfiguration({ mtu: 1400 }));
    const small = podCidrConfiguration({ mtu: 1300 });
    add('two', small);
    expect(world.ipOne('link', 'show', 'dev', 'cni0').mtu).toBe(1300);
    call('DEL', 'two', small);
    expect(world.ipOne('link', 'show', 'dev', 'cni0').mtu).toBe(1400);
  });
});
