import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '#model/json.ts';
import type { CniCall, CniOutcome, KernelWorld } from '#plugin/testing/kernel-world.ts';
import { EXECUTABLE, openKernelWorld } from '#plugin/testing/kernel-world.ts';
import { ipamConfiguration, podCidrConfiguration } from '#plugin/testing/network-configuration.ts';

let world: KernelWorld;

beforeEach(async () => {
  world = await openKernelWorld();
  world.addNamespaces('one', 'two', 'three');
});

afterEach(() => world[Symbol.dispose]());

const silent = { exitCode: 0, stdout: '', stderr: '' };
const layer2 = { ...ipamConfiguration({}), name: 'layer2', bridge: 'l2br' };

const add = (containerId: string, input: JsonObject = podCidrConfiguration()): CniOutcome =>
  world.cni({ command: 'ADD', containerId, netns: containerId, ifName: 'eth0', input });

const listOf = (valid: readonly string[]): JsonObject => ({
  'cni.dev/valid-attachments': valid.map((containerID) => ({ containerID, ifname: 'eth0' })),
});

const gc = (valid: readonly string[], input: JsonObject = podCidrConfiguration(), changes: Partial<CniCall> = {}) =>
  world.cni({ command: 'GC', input: { ...input, ...listOf(valid) }, ...changes });

describe('GC', () => {
  it('31: deletes what the runtime no longer knows and keeps the rest', () => {
    add('one');
    add('two');
    expect(gc(['two'])).toMatchObject(silent);
    expect(world.listReservations('podnet')).toEqual(['10.240.2.3']);
    expect(world.listLinkNames('one')).toEqual([]);
    expect(world.listLinkNames('two')).toEqual(['eth0']);
    expect(world.ip('neighbour', 'show', '10.240.2.2')).toEqual([]);
  });

  it('31: with the empty list deletes everything of the network, all veths in one request', () => {
    const names = Array.from({ length: 30 }, (_, index) => `pod${index}`);
    world.addNamespaces(...names);
    for (const name of names) expect(add(name).exitCode).toBe(0);
    expect(gc([])).toMatchObject(silent);
    expect(world.listLinkNames()).toEqual(['cni0']);
    expect(world.listReservations('podnet')).toEqual([]);
    const steps = world
      .readJournal()
      .at(-1)
      ?.data.steps.filter(({ name }) => name === 'veth.delete');
    expect(steps).toHaveLength(1);
    expect(steps?.[0]?.command).toMatch(/ip link del group \d+$/);
  });

  it('32: without the list deletes nothing: absent is not empty', () => {
    add('one');
    expect(world.cni({ command: 'GC', input: podCidrConfiguration() }).answer.code).toBe(7);
    expect(world.listReservations('podnet')).toEqual(['10.240.2.2']);
    expect(world.listLinkNames('one')).toEqual(['eth0']);
  });

  it('sees pods on layer 2 only, also those that no bridge holds yet', () => {
    const { hostVethName } = add('one', layer2);
    add('two', layer2);
    add('three', layer2);
    world.exec('ip', 'link', 'set', 'dev', hostVethName, 'nomaster');
    expect(gc(['two'], layer2)).toMatchObject(silent);
    expect(world.listLinkNames('one')).toEqual([]);
    expect(world.listLinkNames('two')).toEqual(['eth0']);
    expect(world.listLinkNames('three')).toEqual([]);
  });

  it('finishes what a killed GC began, by its own list', () => {
    const stale = add('one', layer2);
    const valid = add('two', layer2);
    add('three', layer2);
    const { group } = world.ipOne('link', 'show', 'dev', valid.hostVethName);
    gc(['one', 'two'], layer2);
    const command =
      world
        .readJournal()
        .at(-1)
        ?.data.steps.find(({ name }) => name === 'veth.delete')?.command ?? '';
    const garbage = command.split(' ').at(-1) ?? '';
    for (const { hostVethName } of [stale, valid])
      world.exec('ip', 'link', 'set', 'dev', hostVethName, 'group', garbage);
    expect(gc(['two'], layer2)).toMatchObject(silent);
    expect(world.listLinkNames('one')).toEqual([]);
    expect(world.listLinkNames('two')).toEqual(['eth0']);
    expect(world.ipOne('link', 'show', 'dev', valid.hostVethName).group).toBe(group);
  });

  it('leaves other networks, other programs’ veths on the bridge, and the bridge alone', () => {
    add('one');
    add('two', layer2);
    const stranger = [
      'link',
      'add',
      'vethstranger',
      'master',
      'cni0',
      'type',
      'veth',
      'peer',
      'name',
      'other',
    ] as const;
    world.exec('ip', ...stranger);
    expect(gc([])).toMatchObject(silent);
    expect(world.listLinkNames('one')).toEqual([]);
    expect(world.listLinkNames('two')).toEqual(['eth0']);
    expect(world.listLinkNames()).toEqual(expect.arrayContaining(['cni0', 'l2br', 'vethstranger', 'other']));
  });

  it('leaves an ADD alone that is under way: the list may be older', () => {
    add('one');
    add('two');
    const variables = { CNI_COMMAND: 'GC', CNI_PATH: '/opt/cni/bin' };
    const input = JSON.stringify({ ...podCidrConfiguration(), ...listOf([]) });
    world.try(['flock', '/run/state/ipam/podnet/.owners/one:eth0', EXECUTABLE], input, variables);
    expect(world.listReservations('podnet')).toEqual(['10.240.2.2']);
    expect(world.listLinkNames('one')).toEqual(['eth0']);
    expect(world.listLinkNames('two')).toEqual([]);
  });

  it('releases the address of a pod whose veth is gone already', () => {
    const { hostVethName } = add('one');
    world.exec('ip', 'link', 'del', hostVethName);
    expect(gc([])).toMatchObject(silent);
    expect(world.listReservations('podnet')).toEqual([]);
  });

  it('twice does nothing the second time', () => {
    add('one');
    gc([]);
    expect(gc([])).toMatchObject(silent);
  });

  it('31: goes on past an error and reports it at the end', () => {
    const input = { ...layer2, ipam: { type: 'refusing-ipam' } };
    add('one', layer2);
    world.exec('mkdir', '/run/bin');
    const answer = '{"cniVersion":"1.1.0","code":100,"msg":"the store of leases is locked"}';
    world.exec('sh', '-c', `printf '#!/bin/sh\\necho '"'"'${answer}'"'"'\\nexit 1\\n' > /run/bin/refusing-ipam`);
    world.exec('chmod', '+x', '/run/bin/refusing-ipam');
    const { exitCode, answer: printed, stdout } = gc([], input, { variables: { CNI_PATH: '/run/bin' } });
    expect({ exitCode, code: printed.code }).toEqual({ exitCode: 1, code: 100 });
    expect(stdout).toContain('the store of leases is locked');
    expect(world.listLinkNames('one')).toEqual([]);
  });
});
