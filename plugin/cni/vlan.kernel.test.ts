import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '#model/json.ts';
import { type CniOutcome, type KernelWorld, openKernelWorld } from '#plugin/testing/kernel-world.ts';
import { ipamConfiguration, podCidrConfiguration } from '#plugin/testing/network-configuration.ts';

let world: KernelWorld;

beforeEach(async () => {
  world = await openKernelWorld();
  world.addNamespaces('one', 'two', 'three');
});

afterEach(() => world[Symbol.dispose]());

/** The container is named like its namespace. */
const call = (command: string, netns: string, input: JsonObject): CniOutcome =>
  world.cni({ command, containerId: netns, netns, ifName: 'eth0', input });

const check = (netns: string, added: CniOutcome, input: JsonObject): CniOutcome =>
  call('CHECK', netns, { ...input, prevResult: JSON.parse(added.stdout) as JsonObject });

const isReachable = (netns: string, address: string): boolean =>
  world.try(['ip', 'netns', 'exec', netns, 'ping', '-c1', '-W1', address]).exitCode === 0;

/** CONFIG_BRIDGE_VLAN_FILTERING is an option of the kernel, and so is CONFIG_VLAN_8021Q. */
const probe = await openKernelWorld();
const hasVlans = probe.try(['ip', 'link', 'add', 'probe0', 'type', 'bridge', 'vlan_filtering', '1']).exitCode === 0;
probe[Symbol.dispose]();
if (!hasVlans) console.log('skipped: what pods in VLANs reach; this kernel has no CONFIG_BRIDGE_VLAN_FILTERING');

const silent = { exitCode: 0, stdout: '', stderr: '' };

describe.skipIf(hasVlans)('on a kernel without VLANs', () => {
  it.each([{ vlan: 100 }, { vlanTrunk: [{ id: 100 }] }])('%j is refused by name, and nothing is made', (vlans) => {
    const { answer } = call('ADD', 'one', podCidrConfiguration(vlans));
    expect(answer).toMatchObject({ code: 104, msg: expect.stringContaining('CONFIG_BRIDGE_VLAN_FILTERING') });
    expect(world.listLinkNames()).toEqual([]);
    expect(world.listLinkNames('one')).toEqual([]);
    expect(world.listReservations('podnet')).toEqual([]);
  });

  it('a bridge that others use stays as it was', () => {
    call('ADD', 'one', podCidrConfiguration());
    expect(call('ADD', 'two', podCidrConfiguration({ vlan: 100 })).answer.code).toBe(104);
    expect(isReachable('one', '10.240.2.1')).toBe(true);
  });
});

describe.runIf(hasVlans)('pods of one VLAN', () => {
  const ofVlan = (vlan: number, subnet: string): JsonObject =>
    ipamConfiguration({ subnet }, { name: `vlan${vlan}`, vlan, preserveDefaultVlan: false });
  const hundred = ofVlan(100, '10.9.0.0/24');
  const twoHundred = { ...ofVlan(200, '10.9.0.0/24'), isGateway: false };

  it('reach each other and their gateway on the VLAN link, and no pod of another VLAN', () => {
    const added = call('ADD', 'one', hundred);
    expect(added.answer.interfaces.map(({ name }) => name)).toEqual(['cni0', added.hostVethName, 'eth0', 'cni0.100']);
    call('ADD', 'two', hundred);
    call('ADD', 'three', twoHundred);
    expect(isReachable('one', '10.9.0.1')).toBe(true);
    expect(isReachable('one', '10.9.0.3')).toBe(true);
    world.exec('ip', '-n', 'three', 'address', 'add', '10.9.0.99/24', 'dev', 'eth0');
    expect(isReachable('one', '10.9.0.99')).toBe(false);
    expect(world.ipOne('-4', 'address', 'show', 'dev', 'cni0.100').addr_info).toMatchObject([{ local: '10.9.0.1' }]);
    expect(check('one', added, hundred)).toMatchObject(silent);
    world.exec('bridge', 'vlan', 'del', 'vid', '100', 'dev', added.hostVethName);
    expect(check('one', added, hundred).answer).toMatchObject({ code: 106, msg: expect.stringContaining('VLAN 100') });
  });

  it('leave nothing on DEL but the bridge and its VLAN link', () => {
    call('ADD', 'one', hundred);
    expect(call('DEL', 'one', hundred)).toMatchObject(silent);
    expect(world.listLinkNames()).toEqual(['cni0', 'cni0.100']);
    expect(world.ip('neighbour', 'show', 'dev', 'cni0.100')).toEqual([]);
  });
});

describe.runIf(hasVlans)('a trunk', () => {
  it('carries its VLANs tagged, and the default one unless told otherwise', () => {
    const vlanTrunk = [{ id: 300 }, { minID: 100, maxID: 102 }];
    const input = ipamConfiguration({}, { vlanTrunk });
    const added = call('ADD', 'one', input);
    const vlans = (name: string): string => world.exec('bridge', '-j', 'vlan', 'show', 'dev', name);
    for (const vlan of [1, 100, 101, 102, 300]) expect(vlans(added.hostVethName)).toContain(`"vlan":${vlan}`);
    const other = call('ADD', 'two', { ...input, preserveDefaultVlan: false });
    expect(vlans(other.hostVethName)).not.toContain('"vlan":1,');
    expect(check('one', added, input)).toMatchObject(silent);
  });
});

describe('a bridge’s name', () => {
  it('that leaves no room for the VLAN link is refused: code 7', () => {
    const { answer } = call('ADD', 'one', podCidrConfiguration({ bridge: 'bridge-of-pods', vlan: 100 }));
    expect(answer).toMatchObject({ code: 7, msg: expect.stringContaining('bridge-of-pods.100: 15 bytes') });
  });
});
