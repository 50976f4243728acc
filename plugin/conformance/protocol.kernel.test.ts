import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '#model/json.ts';
import { SUPPORTED_CNI_VERSIONS } from '#plugin/cni/cni-version.ts';
import {
  type CniCall,
  type CniOutcome,
  EXECUTABLE,
  type KernelWorld,
  openKernelWorld,
} from '#plugin/testing/kernel-world.ts';
import { ipamConfiguration, podCidrConfiguration } from '#plugin/testing/network-configuration.ts';

let world: KernelWorld;

beforeEach(async () => {
  world = await openKernelWorld();
  world.addNamespaces('one');
});

afterEach(() => world[Symbol.dispose]());

const call = (changes: Partial<CniCall> = {}): CniOutcome => {
  const base = { command: 'ADD', containerId: 'c1', netns: 'one', ifName: 'eth0', input: podCidrConfiguration() };
  return world.cni({ ...base, ...changes });
};

function expectRefused(changes: Partial<CniCall>, code: number): CniOutcome {
  const outcome = call(changes);
  expect([outcome.exitCode, outcome.answer.code]).toEqual([1, code]);
  expect(outcome.answer.msg).not.toBe('');
  expect(world.listLinkNames()).toEqual([]);
  return outcome;
}

const podMac = (): unknown => (world.ipOne('-n', 'one', 'link', 'show', 'dev', 'eth0') as { address?: string }).address;

it('1: without a command the plugin tells about itself on stderr and succeeds', () => {
  const outcome = call({ command: '' });
  expect(outcome).toMatchObject({ exitCode: 0, stdout: '' });
  for (const version of SUPPORTED_CNI_VERSIONS) expect(outcome.stderr).toContain(version);
});

describe('2: missing variables are named all at once, with code 4', () => {
  it.each([
    ['ADD', ['CNI_CONTAINERID', 'CNI_NETNS', 'CNI_IFNAME']],
    ['CHECK', ['CNI_CONTAINERID', 'CNI_NETNS', 'CNI_IFNAME']],
    ['DEL', ['CNI_CONTAINERID', 'CNI_IFNAME']],
  ])('by %s', (command, names) => {
    const { answer, exitCode } = world.cni({ command, input: podCidrConfiguration() });
    expect([exitCode, answer.code]).toEqual([1, 4]);
    for (const name of ['CNI_CONTAINERID', 'CNI_NETNS', 'CNI_IFNAME'])
      expect(answer.msg.includes(name)).toBe(names.includes(name));
  });

  it('CNI_PATH is missed by GC, and not by ADD and DEL', () => {
    const variables = { CNI_PATH: '' };
    expect(call({ variables }).exitCode).toBe(0);
    expect(call({ command: 'DEL', variables }).exitCode).toBe(0);
    const { answer } = call({ command: 'GC', variables });
    expect(answer).toMatchObject({ code: 4, msg: expect.stringContaining('CNI_PATH') });
  });
});

it('3: an unknown command is named: code 4', () => {
  expect(expectRefused({ command: 'FROB' }, 4).answer.msg).toBe('unknown CNI_COMMAND: FROB');
});

it.each(['../etc', '-a', '.a', 'a b', 'a/b', 'a\n', 'é'])('4: container id %j is refused: code 4', (containerId) => {
  expectRefused({ containerId }, 4);
});

it.each(['a'.repeat(16), '.', '..', 'eth0/1', 'eth0:1', 'eth 0', 'eth\t0', 'é'.repeat(8)])(
  '5: interface name %j is refused: code 4',
  (ifName) => {
    expectRefused({ ifName }, 4);
  },
);

it('5: an interface name of 15 bytes is taken', () => {
  expect(call({ ifName: 'a'.repeat(15) }).exitCode).toBe(0);
});

describe('6: what stdin may not be', () => {
  it.each<[string, JsonObject | string, number]>([
    ['empty', '', 6],
    ['torn JSON', '{"name":"podnet"', 6],
    ['a list', '[]', 6],
    ['a configuration without a name', { cniVersion: '1.1.0', type: 'podwire' }, 7],
    ['a network name that would leave the folder', podCidrConfiguration({ name: '../x' }), 7],
    ['a network name that no folder could have', podCidrConfiguration({ name: 'a'.repeat(256) }), 7],
    ['a network name that is a number', podCidrConfiguration({ name: 7 }), 7],
  ])('%s', (_, input, code) => {
    expectRefused({ input }, code);
  });

  it('unreadable: code 5', () => {
    const variables = { CNI_COMMAND: 'ADD', CNI_CONTAINERID: 'c1', CNI_NETNS: '/run/netns/one', CNI_IFNAME: 'eth0' };
    const { exitCode, stdout } = world.try(['sh', '-c', `exec ${EXECUTABLE} < /run`], '', variables);
    expect([exitCode, JSON.parse(stdout)]).toMatchObject([1, { code: 5 }]);
  });
});

describe('7: the version', () => {
  it('counts as 0.1.0 where it is absent', () => {
    const { cniVersion: _, ...input } = podCidrConfiguration();
    expect(call({ input }).answer).toMatchObject({ cniVersion: '0.1.0', ip4: { ip: '10.240.2.2/24' } });
  });

  it('of the future is refused with those that are spoken: code 1', () => {
    const { stdout } = expectRefused({ input: podCidrConfiguration({ cniVersion: '2.0.0' }) }, 1);
    const { details } = JSON.parse(stdout) as { readonly details: string };
    for (const version of SUPPORTED_CNI_VERSIONS) expect(details).toContain(version);
  });
});

it.each([
  ['CHECK', '0.3.1'],
  ['STATUS', '1.0.0'],
  ['GC', '1.0.0'],
])('8: %s of version %s is refused: code 1', (command, cniVersion) => {
  expectRefused({ command, input: podCidrConfiguration({ cniVersion }) }, 1);
});

it('9: VERSION lists what is spoken and touches nothing, with the dummies that libcni sends', () => {
  const variables = { CNI_PATH: 'dummy', CNI_CONTAINERID: '', CNI_NETNS: 'dummy' };
  const outcome = world.cni({ command: 'VERSION', ifName: 'dummy', variables, input: { cniVersion: '1.0.0' } });
  expect(outcome).toMatchObject({ exitCode: 0, stderr: '' });
  expect(JSON.parse(outcome.stdout)).toEqual({ cniVersion: '1.0.0', supportedVersions: [...SUPPORTED_CNI_VERSIONS] });
  expect(world.exec('ls', '/run').trim()).toBe('netns');
  expect(world.listLinkNames()).toEqual([]);
});

it('10, 11: keys match in any case, unknown ones are tolerated', () => {
  const capabilities = { mac: true };
  const input = {
    CNIVersion: '1.0.0',
    Name: 'podnet',
    type: 'podwire',
    PodCIDR: '10.240.2.0/24',
    MTU: 1400,
    capabilities,
  };
  expect(call({ input: { ...input, x: { y: [] } } })).toMatchObject({ exitCode: 0, addresses: ['10.240.2.2/24'] });
  expect(world.ipOne('-n', 'one', 'link', 'show', 'dev', 'eth0').mtu).toBe(1400);
});

describe('12: CNI_ARGS', () => {
  it('come in any order', () => {
    const args = 'K8S_POD_NAME=busybox;X=1;IgnoreUnknown=true;K8S_POD_NAMESPACE=default';
    expect(call({ args }).exitCode).toBe(0);
    expect(world.readJournal()[0]).toMatchObject({ subject: 'default/busybox' });
  });

  it.each(['IgnoreUnknown', 'FOO=1', 'IgnoreUnknown=1;=x;y'])('%s is refused: code 4', (args) => {
    expectRefused({ args }, 4);
  });
});

describe('13: what a runtime asks for', () => {
  const args = 'IP=10.240.2.70;MAC=02:00:00:00:00:01';
  const argsOfCni = { args: { cni: { mac: '02:00:00:00:00:02' } } };

  it('the MAC of runtimeConfig counts before args.cni, and that before CNI_ARGS', () => {
    const runtimeConfig = { mac: '02:00:00:00:00:03' };
    call({ args, input: podCidrConfiguration({ ...argsOfCni, runtimeConfig }) });
    expect(podMac()).toBe('02:00:00:00:00:03');
    call({ command: 'DEL' });
    call({ args, input: podCidrConfiguration(argsOfCni) });
    expect(podMac()).toBe('02:00:00:00:00:02');
    call({ command: 'DEL' });
    call({ args });
    expect(podMac()).toBe('02:00:00:00:00:01');
  });

  it('addresses of all three ways are given together', () => {
    const ranges = [[{ subnet: '10.9.0.0/24' }], [{ subnet: '10.8.0.0/24' }], [{ subnet: 'fd00:9::/64' }]];
    const changes = { args: { cni: { ips: ['10.8.0.40/24'] } }, runtimeConfig: { ips: ['fd00:9::40/64'] } };
    const { addresses } = call({ args: 'IP=10.9.0.40', input: ipamConfiguration({ ranges }, changes) });
    expect(addresses).toEqual(['10.9.0.40/24', '10.8.0.40/24', 'fd00:9::40/64']);
  });

  it('one address in two spellings is one', () => {
    const runtimeConfig = { ips: ['10.240.2.70/24'] };
    const { addresses } = call({ args: 'IP=10.240.2.70', input: podCidrConfiguration({ runtimeConfig }) });
    expect(addresses).toEqual(['10.240.2.70/24']);
  });

  it('an address in a network without ranges is refused, not forgotten', () => {
    expect(call({ args: 'IP=10.9.0.40', input: ipamConfiguration({}) }).answer).toMatchObject({
      code: 102,
      msg: expect.stringContaining('10.9.0.40'),
    });
  });

  it('one that cannot be given fails the ADD, and the others are free again', () => {
    const runtimeConfig = { ips: ['10.99.0.1/24'] };
    const { answer } = call({ args: 'IP=10.240.2.70', input: podCidrConfiguration({ runtimeConfig }) });
    expect(answer.code).toBe(102);
    expect(world.listReservations('podnet')).toEqual([]);
    expect(call({ args: 'IP=10.240.2.70' }).addresses).toEqual(['10.240.2.70/24']);
  });
});

describe('14: the result', () => {
  it('of versions before 0.3.0 holds one address of each family, and no two', () => {
    const ranges = [[{ subnet: '10.9.0.0/24' }], [{ subnet: '10.8.0.0/24' }]];
    expect(call({ input: ipamConfiguration({ ranges }, { cniVersion: '0.2.0' }) }).answer.code).toBe(7);
    expect(world.listLinkNames('one')).toEqual([]);
    expect(world.listReservations('podnet')).toEqual([]);
  });

  it('has dns in old versions always, since 1.0.0 only where there is some', () => {
    expect(call({ input: podCidrConfiguration({ cniVersion: '0.4.0' }) }).answer).toHaveProperty('dns', {});
    call({ command: 'DEL' });
    const dns = { nameservers: ['10.0.0.10'] };
    expect(call({ input: podCidrConfiguration({ dns }) }).answer).toHaveProperty('dns', dns);
    call({ command: 'DEL' });
    expect(call().answer).not.toHaveProperty('dns');
  });
});
