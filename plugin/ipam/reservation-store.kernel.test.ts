import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '#model/json.ts';
import type { CniCall, CniOutcome, KernelWorld } from '#plugin/testing/kernel-world.ts';
import { EXECUTABLE, openKernelWorld } from '#plugin/testing/kernel-world.ts';
import { ipamConfiguration, podCidrConfiguration } from '#plugin/testing/network-configuration.ts';

const STORE = '/run/state/ipam/podnet';
const onePod = ipamConfiguration({ subnet: '10.9.0.0/30' });

let world: KernelWorld;

beforeEach(async () => {
  world = await openKernelWorld();
  world.addNamespaces('one', 'two');
});

afterEach(() => world[Symbol.dispose]());

const call = (command: string, changes: Partial<CniCall> = {}): CniOutcome =>
  world.cni({ command, containerId: 'c1', netns: 'one', ifName: 'eth0', input: podCidrConfiguration(), ...changes });

const second = { containerId: 'c2', netns: 'two' };

const readReservation = (address: string): JsonObject =>
  JSON.parse(world.exec('cat', `${STORE}/${address}`)) as JsonObject;

/** Runs an ADD of the second pod while somebody holds the file of the first one as its own ADD would. */
function addWhileLocked(owner: string, variables: Readonly<Record<string, string>>): CniOutcome['answer'] {
  const { stdout } = world.try(['flock', `${STORE}/.owners/${owner}`, EXECUTABLE], JSON.stringify(onePod), {
    CNI_COMMAND: 'ADD',
    CNI_IFNAME: 'eth0',
    ...variables,
  });
  return JSON.parse(stdout) as CniOutcome['answer'];
}

describe('the file of a reserved address', () => {
  it('tells an operator address, container, interface, pod, since when and in which boot', () => {
    const args = 'IgnoreUnknown=1;K8S_POD_NAME=web-1;K8S_POD_NAMESPACE=shop';
    call('ADD', { args });
    const bootId = world.exec('cat', '/proc/sys/kernel/random/boot_id').trim();
    expect(readReservation('10.240.2.2')).toEqual({
      addresses: ['10.240.2.2'],
      containerId: 'c1',
      ifName: 'eth0',
      pod: 'shop/web-1',
      reservedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      bootId: expect.stringContaining(bootId),
    });
    expect(world.exec('stat', '-c', '%a', `${STORE}/10.240.2.2`).trim()).toBe('644');
  });

  it('is one file under both addresses of a pod with two, and goes with both', () => {
    const input = ipamConfiguration({ ranges: [[{ subnet: '10.9.0.0/24' }], [{ subnet: 'fd00::/64' }]] });
    expect(call('ADD', { input }).addresses).toEqual(['10.9.0.2/24', 'fd00::2/64']);
    const inodeOf = (name: string): string => world.exec('stat', '-c', '%i', `${STORE}/${name}`);
    expect(inodeOf('10.9.0.2')).toBe(inodeOf('fd00::2'));
    call('DEL', { input, netns: '' });
    expect(world.exec('ls', `${STORE}/.owners`)).toBe('');
    expect(world.listReservations('podnet')).toEqual([]);
  });

  it('36: counts as free when it is empty or torn, as after a power cut', () => {
    for (const content of ['', '{"addresses": ["10.9']) {
      call('ADD', { input: onePod });
      call('DEL', { input: onePod });
      world.try(['tee', `${STORE}/10.9.0.2`], content);
      expect(call('STATUS', { input: onePod }).exitCode).toBe(0);
      expect(call('ADD', { input: onePod }).addresses).toEqual(['10.9.0.2/30']);
      call('DEL', { input: onePod });
    }
  });

  it('that an operator deletes frees the address', () => {
    call('ADD', { input: onePod });
    world.exec('rm', `${STORE}/10.9.0.2`);
    expect(call('ADD', { ...second, input: onePod }).addresses).toEqual(['10.9.0.2/30']);
    expect(call('DEL', { input: onePod }).exitCode).toBe(0);
    expect(world.listReservations('podnet')).toEqual(['10.9.0.2']);
  });

  it('is not needed by DEL of a container id that no file could be named after', () => {
    const containerId = 'c'.repeat(300);
    expect(call('ADD', { containerId, input: onePod }).exitCode).toBe(0);
    expect(call('DEL', { containerId, input: onePod, netns: '' }).exitCode).toBe(0);
    expect(world.listReservations('podnet')).toEqual([]);
  });
});

describe('36: an address that was reserved before the last restart of the node', () => {
  /** What a restart leaves: every file, with the id of another boot in it. */
  function restart(): void {
    const bootId = world.exec('cat', '/proc/sys/kernel/random/boot_id').trim();
    const earlier = '00000000-0000-4000-8000-000000000000';
    world.exec('sh', '-c', `sed -i s/${bootId}/${earlier}/ ${STORE}/.state ${STORE}/.owners/* ${STORE}/10.*`);
  }

  it('is free again, and its file goes with the first ADD', () => {
    call('ADD');
    call('ADD', second);
    restart();
    world.addNamespaces('three');
    expect(call('ADD', { containerId: 'c3', netns: 'three' }).addresses).toEqual(['10.240.2.4/24']);
    expect(world.listReservations('podnet')).toEqual(['10.240.2.4']);
    expect(world.exec('ls', `${STORE}/.owners`)).toBe('c3:eth0\n');
  });

  it('does not exhaust the pool', () => {
    call('ADD', { input: onePod });
    restart();
    expect(call('STATUS', { input: onePod }).exitCode).toBe(0);
    expect(call('ADD', { ...second, input: onePod }).addresses).toEqual(['10.9.0.2/30']);
  });
});

describe('an exhausted pool', () => {
  it('gives out the address of a pod that is gone without a DEL', () => {
    const { hostVethName } = call('ADD', { input: onePod });
    world.exec('ip', 'link', 'del', hostVethName);
    expect(call('STATUS', { input: onePod }).exitCode).toBe(0);
    expect(call('ADD', { ...second, input: onePod }).addresses).toEqual(['10.9.0.2/30']);
    expect(readReservation('10.9.0.2').containerId).toBe('c2');
    expect(call('DEL', { input: onePod, netns: '' }).exitCode).toBe(0);
    expect(world.listReservations('podnet')).toEqual(['10.9.0.2']);
  });

  it('leaves the address to a pod that has its veth, also a renamed one', () => {
    const { hostVethName } = call('ADD', { input: onePod });
    world.exec('ip', 'link', 'set', 'dev', hostVethName, 'down');
    world.exec('ip', 'link', 'set', 'dev', hostVethName, 'name', 'renamed0');
    expect(call('ADD', { ...second, input: onePod }).answer).toMatchObject({
      code: 101,
      msg: expect.stringContaining('10.9.0.1-10.9.0.2 of 10.9.0.0/30'),
    });
    expect(call('STATUS', { input: onePod }).answer.code).toBe(50);
  });

  it('leaves the address to an ADD that has not made its veth yet', () => {
    const { hostVethName } = call('ADD', { input: onePod });
    world.exec('ip', 'link', 'del', hostVethName);
    const variables = { CNI_CONTAINERID: 'c2', CNI_NETNS: '/run/netns/two' };
    expect(addWhileLocked('c1:eth0', variables).code).toBe(101);
    expect(call('ADD', { ...second, input: onePod }).exitCode).toBe(0);
  });
});

describe('a full disk', () => {
  const fill = (): void => {
    world.try(['sh', '-c', 'cat /dev/zero > /run/state/ipam/filler']);
  };

  beforeEach(() => {
    world.exec('mkdir', '-p', '/run/state/ipam');
    world.exec('mount', '-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', '/run/state/ipam');
  });

  it('39: does not keep DEL from giving the address back', () => {
    call('ADD', { input: onePod });
    fill();
    expect(call('DEL', { input: onePod })).toMatchObject({ exitCode: 0, stdout: '' });
    expect(world.listReservations('podnet')).toEqual([]);
    expect(call('STATUS', { input: onePod }).exitCode).toBe(0);
  });

  it('39: does not keep pods from their network, as long as the space set aside lasts', () => {
    const names = Array.from({ length: 40 }, (_, index) => `full${index}`);
    world.addNamespaces(...names);
    const input = ipamConfiguration({ subnet: '10.9.0.0/24' });
    call('ADD', { input });
    fill();
    const addOne = (name: string) => call('ADD', { containerId: name, netns: name, input });
    const wired = names.slice(0, 8).map(addOne);
    expect(wired.map(({ exitCode }) => exitCode)).toEqual(new Array(8).fill(0));
    expect(world.listReservations('podnet')).toHaveLength(9);
    expect(new Set(wired.flatMap(({ addresses }) => addresses)).size).toBe(8);
    // Then an address that is not written down could be given twice: nothing is left of the ADD that fails.
    const refused = names.slice(8).find((name) => addOne(name).exitCode !== 0) ?? 'none';
    expect(addOne(refused).answer).toMatchObject({
      code: 5,
      msg: expect.stringMatching(/cannot be written, make room.*ENOSPC/),
    });
    expect(world.listLinkNames(refused)).toEqual([]);
    expect(world.exec('ls', `${STORE}/.owners`)).not.toContain(refused);
    world.exec('rm', '/run/state/ipam/filler');
    expect(addOne(refused).exitCode).toBe(0);
  });
});

describe('34: two hundred ADDs at once in two networks', () => {
  it('all succeed, each with an address of its own', { timeout: 400_000 }, async () => {
    const names = Array.from({ length: 200 }, (_, index) => `pod${index}`);
    world.addNamespaces(...names);
    const networks = [0, 1].map((number) => ({
      ...podCidrConfiguration({ podcidr: `10.240.${number}.0/24`, deadlineMs: 300_000 }),
      name: `net${number}`,
      bridge: `br${number}`,
    }));
    const outcomes = await Promise.all(
      names.map((name, index) => {
        const input = networks[index % 2] as JsonObject;
        return world.cniInParallel({ command: 'ADD', containerId: name, netns: name, ifName: 'eth0', input });
      }),
    );
    expect(outcomes.filter(({ exitCode }) => exitCode !== 0).map(({ stdout }) => stdout)).toEqual([]);
    expect(new Set(outcomes.flatMap(({ addresses }) => addresses)).size).toBe(200);
    expect(world.listReservations('net0')).toHaveLength(100);
    expect(world.listReservations('net1')).toHaveLength(100);
  });
});

describe('an ADD that was killed before its file had the name of its address', () => {
  /** The moment between writing the file and linking it; the address went to another pod since. */
  function leaveUnlinked(): void {
    call('ADD', { input: onePod });
    const file = JSON.stringify({ ...readReservation('10.9.0.2'), containerId: 'dead' });
    world.try(['tee', `${STORE}/.owners/dead:eth0`], file);
  }

  it('holds nothing: STATUS, ADD, DEL and GC leave the address to the pod that got it', () => {
    leaveUnlinked();
    expect(call('STATUS', { input: onePod }).answer.code).toBe(50);
    expect(call('ADD', { ...second, input: onePod }).answer.code).toBe(101);
    leaveUnlinked();
    expect(call('DEL', { containerId: 'dead', input: onePod }).exitCode).toBe(0);
    leaveUnlinked();
    const valid = { 'cni.dev/valid-attachments': [{ containerID: 'c1', ifname: 'eth0' }] };
    expect(call('GC', { input: { ...onePod, ...valid } }).exitCode).toBe(0);
    expect(readReservation('10.9.0.2').containerId).toBe('c1');
    expect(world.exec('ls', `${STORE}/.owners`)).toBe('c1:eth0\n');
  });
});

describe('a second ADD of one attachment', () => {
  it('after the first one was killed gets one address, not two', () => {
    const { hostVethName } = call('ADD');
    world.exec('ip', 'link', 'del', hostVethName);
    expect(call('ADD').exitCode).toBe(0);
    expect(world.listReservations('podnet')).toHaveLength(1);
  });

  it('while the first one is under way is asked to come again: code 11', () => {
    const { hostVethName } = call('ADD', { input: onePod });
    world.exec('ip', 'link', 'del', hostVethName);
    const variables = { CNI_CONTAINERID: 'c1', CNI_NETNS: '/run/netns/one' };
    expect(addWhileLocked('c1:eth0', variables)).toMatchObject({ code: 11, msg: expect.stringContaining('under way') });
    expect(readReservation('10.9.0.2').containerId).toBe('c1');
  });
});

describe('37: the order of addresses', () => {
  it('does not hand out at once what was given back', () => {
    call('ADD');
    call('DEL');
    expect(call('ADD').addresses).toEqual(['10.240.2.3/24']);
  });

  it('is the longest free first, when all were used, also across the ranges of one set', () => {
    const input = ipamConfiguration({ ranges: [[{ subnet: '10.9.0.0/30' }, { subnet: '10.9.1.0/29' }]] });
    const given = ['a', 'b', 'c', 'd', 'e', 'f', 'a', 'b'].map((containerId) => {
      const { addresses } = call('ADD', { containerId, input });
      call('DEL', { containerId, input });
      return addresses[0];
    });
    const all = ['10.9.0.2/30', '10.9.1.2/29', '10.9.1.3/29', '10.9.1.4/29', '10.9.1.5/29', '10.9.1.6/29'];
    expect(given).toEqual([...all, '10.9.0.2/30', '10.9.1.2/29']);
  });

  it('may be lost without harm: no address is given twice, none is lost', () => {
    const input = ipamConfiguration({ subnet: '10.9.0.0/29' });
    world.addNamespaces('n1', 'n2', 'n3', 'n4', 'n5');
    const add = (netns: string) => call('ADD', { input, netns, containerId: netns });
    add('n1');
    add('n2');
    call('DEL', { input, containerId: 'n1', netns: 'n1' });
    world.try(['tee', `${STORE}/.state`], '{"next":');
    const given = ['n1', 'n3', 'n4', 'n5'].map((netns) => add(netns).addresses[0]);
    expect(new Set(given)).toEqual(new Set(['10.9.0.2/29', '10.9.0.4/29', '10.9.0.5/29', '10.9.0.6/29']));
    expect(call('ADD', { input, ...second }).answer.code).toBe(101);
  });
});

describe('an IPAM section', () => {
  it('38: of a /30 holds one pod', () => {
    expect(call('ADD', { input: onePod }).addresses).toEqual(['10.9.0.2/30']);
    expect(call('ADD', { ...second, input: onePod }).answer.code).toBe(101);
  });

  it.each<[string, JsonObject]>([
    ['too small', { subnet: '10.9.0.0/31' }],
    ['too small', { subnet: '10.9.0.0/32' }],
    ['host bits', { subnet: '10.9.0.1/24' }],
    ['overlap', { ranges: [[{ subnet: '10.9.0.0/24' }], [{ subnet: '10.9.0.128/25' }]] }],
    ['mixes', { ranges: [[{ subnet: '10.9.0.0/24' }, { subnet: 'fd00::/64' }]] }],
  ])('is refused with the reason “%s”: %j', (reason, ipam) => {
    const { answer } = call('ADD', { input: ipamConfiguration(ipam) });
    expect(answer).toMatchObject({ code: 7, msg: expect.stringContaining(reason) });
    expect(world.listLinkNames()).toEqual([]);
    expect(world.listReservations('podnet')).toEqual([]);
  });
});
