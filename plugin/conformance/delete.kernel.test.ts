import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CniCall, CniOutcome, KernelWorld } from '#plugin/testing/kernel-world.ts';
import { openKernelWorld } from '#plugin/testing/kernel-world.ts';
import { podCidrConfiguration } from '#plugin/testing/network-configuration.ts';

let world: KernelWorld;

beforeEach(async () => {
  world = await openKernelWorld();
  world.addNamespaces('one', 'two');
});

afterEach(() => world[Symbol.dispose]());

const call = (command: string, changes: Partial<CniCall> = {}): CniOutcome =>
  world.cni({ command, containerId: 'c1', netns: 'one', ifName: 'eth0', input: podCidrConfiguration(), ...changes });

function expectGone(): void {
  expect(world.listLinkNames()).toEqual(['cni0']);
  expect(world.listReservations('podnet')).toEqual([]);
  expect(world.ip('neighbour', 'show', 'dev', 'cni0')).toEqual([]);
}

const silent = { exitCode: 0, stdout: '', stderr: '' };

describe('DEL', () => {
  it('27: takes veth, address, route and neighbour entry away, says nothing, and the bridge stays', () => {
    call('ADD');
    expect(call('DEL')).toMatchObject(silent);
    expectGone();
    expect(world.listLinkNames('one')).toEqual([]);
    expect(world.ip('-n', 'one', 'route')).toEqual([]);
  });

  it('27, 28: twice leaves nothing and succeeds, the second time without namespace and prevResult as containerd does it', () => {
    call('ADD');
    expect(call('DEL')).toMatchObject(silent);
    expect(call('DEL', { netns: '' })).toMatchObject(silent);
    expectGone();
  });

  it('27, 29: works without the namespace, by container id and interface name alone', () => {
    call('ADD');
    expect(call('DEL', { netns: '' })).toMatchObject(silent);
    expectGone();
  });

  it('27: works after the namespace is gone', () => {
    call('ADD');
    world.exec('ip', 'netns', 'del', 'one');
    expect(call('DEL')).toMatchObject(silent);
    expectGone();
  });

  it.each([
    ['name', ['name', 'renamed0']],
    ['MAC', ['address', '02:00:00:00:00:99']],
  ])('27: finds a host veth whose %s somebody changed', (_, change) => {
    const { hostVethName } = call('ADD');
    world.exec('ip', 'link', 'set', 'dev', hostVethName, 'down');
    world.exec('ip', 'link', 'set', 'dev', hostVethName, ...change);
    expect(call('DEL')).toMatchObject(silent);
    expectGone();
    expect(world.listLinkNames('one')).toEqual([]);
  });

  it('27: leaves alone what another network has under the same name in the pod', () => {
    call('ADD', {
      input: podCidrConfiguration({ name: 'other', bridge: 'br1', podcidr: '10.7.0.0/24' }),
      containerId: 'c2',
    });
    expect(call('DEL')).toMatchObject(silent);
    expect(world.listLinkNames('one')).toEqual(['eth0']);
  });

  it('27: of another container in the same namespace leaves the first one alone', () => {
    call('ADD', { containerId: 'c2' });
    expect(call('DEL')).toMatchObject(silent);
    expect(world.listLinkNames('one')).toEqual(['eth0']);
    expect(world.listReservations('podnet')).toEqual(['10.240.2.2']);
  });

  it('27: works with a deadline that makes no sense', () => {
    call('ADD');
    expect(call('DEL', { input: podCidrConfiguration({ deadlineMs: 'soon' }) })).toMatchObject(silent);
    expectGone();
  });

  it('29: works after the pod range changed', () => {
    call('ADD');
    expect(call('DEL', { input: podCidrConfiguration({ podcidr: '10.77.0.0/24' }) })).toMatchObject(silent);
    expectGone();
  });

  it('27: works after the bridge is gone', () => {
    call('ADD');
    world.exec('ip', 'link', 'del', 'cni0');
    expect(call('DEL')).toMatchObject(silent);
    expect(world.listLinkNames()).toEqual([]);
    expect(world.listReservations('podnet')).toEqual([]);
  });

  it('27: of what was never added succeeds', () => {
    expect(call('DEL', { containerId: 'never' })).toMatchObject(silent);
  });

  it('of one interface leaves the other one of the same container', () => {
    call('ADD');
    call('ADD', { ifName: 'eth1', input: podCidrConfiguration({ isDefaultGateway: false }) });
    call('DEL');
    expect(world.listLinkNames('one')).toEqual(['eth1']);
    expect(world.listReservations('podnet')).toEqual(['10.240.2.3']);
  });

  it('of one pod leaves the bridge with the MAC it had', () => {
    call('ADD');
    const { ifindex } = world.ipOne('link', 'show', 'dev', 'cni0');
    call('ADD', { containerId: 'c2', netns: 'two' });
    call('DEL');
    expect(world.ipOne('link', 'show', 'dev', 'cni0')).toMatchObject({ ifindex, address: '0a:58:0a:f0:02:01' });
  });
});

describe('an address', () => {
  it('that is asked for by name is given, also after a killed ADD of the same pod', () => {
    const args = 'IP=10.240.2.77;MAC=02:00:00:00:00:07';
    const { addresses } = call('ADD', { args });
    expect(addresses).toEqual(['10.240.2.77/24']);
    expect(world.ipOne('-n', 'one', 'link', 'show', 'dev', 'eth0')).toMatchObject({ address: '02:00:00:00:00:07' });
    world.exec('ip', '-n', 'one', 'link', 'del', 'eth0');
    expect(call('ADD', { args }).addresses).toEqual(['10.240.2.77/24']);
    expect(call('ADD', { args, containerId: 'c2', netns: 'two' }).answer.code).toBe(102);
  });
});
