import { existsSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '#model/json.ts';
import type { CniCall, CniOutcome, KernelWorld } from '#plugin/testing/kernel-world.ts';
import { openKernelWorld } from '#plugin/testing/kernel-world.ts';
import { ipamConfiguration } from '#plugin/testing/network-configuration.ts';

const HOST_LOCAL = '/usr/lib/cni/host-local';
const DATA = '/run/networks';
const ipam = { subnet: '10.9.0.0/29', dataDir: DATA };
const input = ipamConfiguration(ipam);

let world: KernelWorld;

beforeEach(async () => {
  world = await openKernelWorld();
  world.addNamespaces('one', 'two');
});

afterEach(() => world[Symbol.dispose]());

/** Runs the real host-local as the reference bridge plugin would. */
function hostLocal(command: string, containerId: string, ranges: JsonObject = { subnet: '10.9.0.0/29' }): void {
  const configuration = {
    cniVersion: '1.0.0',
    name: 'podnet',
    type: 'bridge',
    ipam: { type: 'host-local', dataDir: DATA, ...ranges },
  };
  const variables = {
    CNI_COMMAND: command,
    CNI_CONTAINERID: containerId,
    CNI_NETNS: '/run/netns/one',
    CNI_IFNAME: 'eth0',
    CNI_PATH: '/usr/lib/cni',
  };
  const { exitCode, stdout } = world.try([HOST_LOCAL], JSON.stringify(configuration), variables);
  expect({ exitCode, stdout }).toMatchObject({ exitCode: 0 });
}

const call = (command: string, changes: Partial<CniCall> = {}): CniOutcome =>
  world.cni({ command, containerId: 'new', netns: 'one', ifName: 'eth0', input, ...changes });

const listHostLocal = (): readonly string[] =>
  world
    .exec('ls', `${DATA}/podnet`)
    .split('\n')
    .filter((name) => /^[\da-f.:]+$/.test(name));

describe.skipIf(!existsSync(HOST_LOCAL))('a store of host-local (skipped without containernetworking-plugins)', () => {
  it('is taken over at the first ADD: no address that a pod has is given again, and counting goes on where it was', () => {
    hostLocal('ADD', 'old1');
    hostLocal('ADD', 'old2');
    hostLocal('ADD', 'old3');
    hostLocal('DEL', 'old2');
    expect(call('ADD').addresses).toEqual(['10.9.0.5/29']);
    expect(world.listReservations('podnet')).toEqual(['10.9.0.2', '10.9.0.4', '10.9.0.5']);
    expect(JSON.parse(world.exec('cat', '/run/state/ipam/podnet/10.9.0.4'))).toMatchObject({
      containerId: 'old3',
      ifName: 'eth0',
      importedFrom: `${DATA}/podnet`,
    });
  });

  it('is taken over whole: dual stack, one reservation for both addresses', () => {
    const ranges = [[{ subnet: '10.9.0.0/29' }], [{ subnet: 'fd00::/64' }]];
    hostLocal('ADD', 'old1', { ranges });
    expect(call('ADD', { input: ipamConfiguration({ ranges, dataDir: DATA }) }).addresses).toEqual([
      '10.9.0.3/29',
      'fd00::3/64',
    ]);
    expect(world.listReservations('podnet')).toEqual(['10.9.0.2', '10.9.0.3', 'fd00::2', 'fd00::3']);
  });

  it('gives back in both places what DEL releases, also when DEL comes before any ADD', () => {
    hostLocal('ADD', 'old1');
    hostLocal('ADD', 'old2');
    expect(call('DEL', { containerId: 'old1', netns: '' })).toMatchObject({ exitCode: 0, stdout: '' });
    expect(world.listReservations('podnet')).toEqual(['10.9.0.3']);
    expect(listHostLocal()).toEqual(['10.9.0.3']);
    expect(call('DEL', { containerId: 'old1', netns: '' }).exitCode).toBe(0);
    hostLocal('DEL', 'old1');
  });

  it('is left alone where a file meanwhile belongs to another container', () => {
    hostLocal('ADD', 'old1');
    call('ADD');
    world.try(['tee', `${DATA}/podnet/10.9.0.2`], 'other\r\neth0');
    expect(call('DEL', { containerId: 'old1', netns: '' }).exitCode).toBe(0);
    expect(listHostLocal()).toEqual(['10.9.0.2']);
  });

  it('gives addresses back that host-local itself has released, when no other is left', () => {
    const small = { subnet: '10.9.0.0/30' };
    hostLocal('ADD', 'old1', small);
    const full = ipamConfiguration({ ...small, dataDir: DATA });
    expect(call('ADD', { input: full }).answer.code).toBe(101);
    hostLocal('DEL', 'old1', small);
    expect(call('ADD', { input: full }).addresses).toEqual(['10.9.0.2/30']);
  });

  it('is cleaned by GC of what the runtime no longer knows, and keeps the rest', () => {
    hostLocal('ADD', 'old1');
    hostLocal('ADD', 'old2');
    const valid = { 'cni.dev/valid-attachments': [{ containerID: 'old2', ifname: 'eth0' }] };
    expect(call('GC', { input: { ...input, ...valid } })).toMatchObject({ exitCode: 0, stdout: '' });
    expect(world.listReservations('podnet')).toEqual(['10.9.0.3']);
    expect(listHostLocal()).toEqual(['10.9.0.3']);
  });

  it('is taken over once, not at every invocation', () => {
    hostLocal('ADD', 'old1');
    call('ADD');
    hostLocal('ADD', 'late');
    call('DEL');
    expect(world.listReservations('podnet')).toEqual(['10.9.0.2']);
  });

  it('stays host-local’s own business where the network still delegates to it', () => {
    const delegated = ipamConfiguration({ ...ipam, type: 'host-local' });
    const variables = { CNI_PATH: '/usr/lib/cni' };
    hostLocal('ADD', 'old1');
    expect(call('ADD', { input: delegated, variables }).addresses).toEqual(['10.9.0.3/29']);
    expect(call('DEL', { input: delegated, variables }).exitCode).toBe(0);
    expect(world.listReservations('podnet')).toEqual([]);
    expect(listHostLocal()).toEqual(['10.9.0.2']);
  });
});

describe('files in a host-local store that tell nothing', () => {
  it('are no reservations: torn ones, the lock, names that are no address', () => {
    world.exec('mkdir', '-p', `${DATA}/podnet`);
    for (const name of ['10.9.0.2', 'lock', 'notes']) world.exec('touch', `${DATA}/podnet/${name}`);
    expect(call('ADD').addresses).toEqual(['10.9.0.2/29']);
  });
});
