import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '#model/json.ts';
import { type CniVersion, isAtLeast, SUPPORTED_CNI_VERSIONS } from '#plugin/cni/cni-version.ts';
import { type CniCall, type CniOutcome, type KernelWorld, openKernelWorld } from '#plugin/testing/kernel-world.ts';
import { ipamConfiguration } from '#plugin/testing/network-configuration.ts';

let world: KernelWorld;

beforeEach(async () => {
  world = await openKernelWorld();
  world.addNamespaces('one', 'two');
});

afterEach(() => world[Symbol.dispose]());

const call = (command: string, changes: Partial<CniCall> = {}): CniOutcome =>
  world.cni({
    command,
    containerId: 'c1',
    netns: 'one',
    ifName: 'eth0',
    input: ipamConfiguration({ subnet: '10.9.0.0/24' }),
    ...changes,
  });

type Shape = { readonly ipam: JsonObject; readonly pod: readonly string[]; readonly gateways: readonly string[] };

const SHAPES: Readonly<Record<string, Shape>> = {
  IPv4: { ipam: { subnet: '10.9.0.0/24' }, pod: ['10.9.0.2/24'], gateways: ['10.9.0.1'] },
  IPv6: { ipam: { subnet: 'fd00:9::/64' }, pod: ['fd00:9::2/64'], gateways: ['fd00:9::1'] },
  'dual stack': {
    ipam: { ranges: [[{ subnet: '10.9.0.0/24' }], [{ subnet: 'fd00:9::/64' }]] },
    pod: ['10.9.0.2/24', 'fd00:9::2/64'],
    gateways: ['10.9.0.1', 'fd00:9::1'],
  },
  'several ranges': {
    ipam: { ranges: [[{ subnet: '10.9.0.0/24' }], [{ subnet: '10.8.0.0/24' }]] },
    pod: ['10.9.0.2/24', '10.8.0.2/24'],
    gateways: ['10.9.0.1', '10.8.0.1'],
  },
};

/** Global addresses with their length, as the kernel has them. */
const listAddresses = (...where: readonly string[]): readonly string[] =>
  world
    .ipOne(...where)
    .addr_info.filter((address) => (address as { scope?: string }).scope === 'global')
    .map(({ local, ...rest }) => `${local}/${(rest as { prefixlen?: number }).prefixlen}`)
    .sort();

/** The addresses of a result of any version. */
function readAddresses(answer: JsonObject, version: CniVersion): unknown {
  if (isAtLeast(version, '0.3.0')) return (answer.ips as readonly JsonObject[]).map(({ address }) => address);
  return [answer.ip4, answer.ip6].filter((family) => family !== undefined).map((family) => (family as JsonObject).ip);
}

const defaultGateways = (): readonly unknown[] =>
  ['-4', '-6'].flatMap((family) =>
    world.ip('-n', 'one', family, 'route', 'show', 'default').map((route) => (route as unknown as JsonObject).gateway),
  );

describe.each(Object.entries(SHAPES))('matrix: %s', (name, { ipam, pod, gateways }) => {
  it.each(SUPPORTED_CNI_VERSIONS)(
    'in version %s the kernel has what the result says, and nothing after DEL',
    (version) => {
      const input = ipamConfiguration(ipam, { cniVersion: version });
      const added = call('ADD', { input });
      if (name === 'several ranges' && !isAtLeast(version, '0.3.0')) {
        expect(added.answer.code).toBe(7);
      } else {
        expect([added.exitCode, added.answer.cniVersion]).toEqual([0, version]);
        expect(readAddresses(JSON.parse(added.stdout) as JsonObject, version)).toEqual(pod);
        expect(listAddresses('-n', 'one', 'address', 'show', 'dev', 'eth0')).toEqual([...pod].sort());
        const families = new Set(gateways.map((gateway) => gateway.includes(':')));
        const expected = [...families].map((isInet6) => gateways.find((gateway) => gateway.includes(':') === isInet6));
        expect(defaultGateways()).toEqual(expected);
        const bridge = listAddresses('address', 'show', 'dev', 'cni0').map((address) => address.split('/')[0]);
        expect(bridge).toEqual([...gateways].sort());
        expect(world.ipOne('link', 'show', 'type', 'veth').master).toBe('cni0');
      }
      expect(call('DEL', { input })).toMatchObject({ exitCode: 0, stdout: '' });
      expect(world.listLinkNames().filter((link) => link !== 'cni0')).toEqual([]);
      expect(world.listLinkNames('one')).toEqual([]);
      expect(world.listReservations('podnet')).toEqual([]);
    },
  );
});

const bridge = () => {
  const { ifindex, address } = world.ipOne('link', 'show', 'dev', 'cni0') as { ifindex: number; address?: string };
  return { ifindex, address };
};

it('matrix: a bridge that is there already is used as it is, with its ifindex and its MAC, through ADD and DEL', () => {
  world.exec('ip', 'link', 'add', 'cni0', 'address', '02:00:00:00:00:99', 'type', 'bridge');
  const before = bridge();
  call('ADD');
  expect(bridge()).toEqual(before);
  call('ADD', { containerId: 'c2', netns: 'two' });
  call('DEL');
  call('DEL', { containerId: 'c2', netns: 'two' });
  expect(bridge()).toEqual(before);
});

it('matrix: with ipMasq what leaves the subnet gets the node’s address, without it nothing does', () => {
  const sources = (): string => world.exec('nft', 'list', 'ruleset');
  call('ADD');
  expect(sources()).not.toMatch(/masquerade/i);
  call('ADD', {
    containerId: 'c2',
    netns: 'two',
    input: ipamConfiguration({ subnet: '10.9.0.0/24' }, { ipMasq: true }),
  });
  expect(sources()).toMatch(/10\.9\.0\.0\/24[^\n]*masquerade/i);
});

it('matrix: two interfaces of one container have two addresses and go one by one', () => {
  call('ADD');
  call('ADD', { ifName: 'eth1', input: ipamConfiguration({ subnet: '10.9.0.0/24' }, { isDefaultGateway: false }) });
  expect(listAddresses('-n', 'one', 'address', 'show', 'dev', 'eth0')).toEqual(['10.9.0.2/24']);
  expect(listAddresses('-n', 'one', 'address', 'show', 'dev', 'eth1')).toEqual(['10.9.0.3/24']);
  call('DEL');
  expect(world.listLinkNames('one')).toEqual(['eth1']);
  expect(world.listReservations('podnet')).toEqual(['10.9.0.3']);
});

describe('13, 37: a requested address', () => {
  it('that is unused is given', () => {
    expect(call('ADD', { args: 'IP=10.9.0.77' }).addresses).toEqual(['10.9.0.77/24']);
    expect(listAddresses('-n', 'one', 'address', 'show', 'dev', 'eth0')).toEqual(['10.9.0.77/24']);
  });

  it.each([
    ['taken', 'IP=10.9.0.2'],
    ['out of range', 'IP=10.7.0.2'],
    ['the gateway', 'IP=10.9.0.1'],
    ['the broadcast address', 'IP=10.9.0.255'],
  ])('that is %s is refused, and the pod gets nothing', (_, args) => {
    call('ADD');
    const { answer, exitCode } = call('ADD', { containerId: 'c2', netns: 'two', args });
    expect([exitCode, answer.code]).toEqual([1, 102]);
    expect(world.listLinkNames('two')).toEqual([]);
    expect(world.listReservations('podnet')).toEqual(['10.9.0.2']);
  });
});

it('matrix: DEL of what was never added succeeds and touches nothing', () => {
  expect(call('DEL', { containerId: 'never' })).toMatchObject({ exitCode: 0, stdout: '' });
  expect(world.listLinkNames()).toEqual([]);
  expect(world.listLinkNames('one')).toEqual([]);
});
