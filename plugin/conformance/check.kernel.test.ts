import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '#model/json.ts';
import type { CniOutcome, KernelWorld } from '#plugin/testing/kernel-world.ts';
import { openKernelWorld } from '#plugin/testing/kernel-world.ts';
import { podCidrConfiguration } from '#plugin/testing/network-configuration.ts';

let world: KernelWorld;
let added: CniOutcome;

beforeEach(async () => {
  world = await openKernelWorld();
  world.addNamespaces('one');
  added = world.cni({ command: 'ADD', containerId: 'c1', netns: 'one', ifName: 'eth0', input: podCidrConfiguration() });
});

afterEach(() => world[Symbol.dispose]());

function check(changes: JsonObject = {}): CniOutcome {
  const input = podCidrConfiguration({ prevResult: JSON.parse(added.stdout) as JsonObject, ...changes });
  return world.cni({ command: 'CHECK', containerId: 'c1', netns: 'one', ifName: 'eth0', input });
}

const inPod = ['ip', '-n', 'one'] as const;

describe('30: CHECK', () => {
  it('says nothing about a pod that is as ADD left it', () => {
    expect(check()).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
  });

  it('tolerates routes and addresses that were added since', () => {
    world.exec(...inPod, 'route', 'add', '192.0.2.0/24', 'via', '10.240.2.1');
    world.exec(...inPod, 'address', 'add', '192.0.2.1/32', 'dev', 'eth0');
    expect(check().exitCode).toBe(0);
  });

  it('needs the result of the ADD: code 7', () => {
    const input = podCidrConfiguration();
    const { answer } = world.cni({ command: 'CHECK', containerId: 'c1', netns: 'one', ifName: 'eth0', input });
    expect(answer.code).toBe(7);
  });

  it.each([
    [
      'the address is gone',
      () => world.exec(...inPod, 'address', 'del', '10.240.2.2/24', 'dev', 'eth0'),
      'address 10.240.2.2/24',
    ],
    [
      'the default route is gone',
      () => world.exec(...inPod, 'route', 'del', 'default'),
      'route default via 10.240.2.1',
    ],
    ['the pod’s end is down', () => world.exec(...inPod, 'link', 'set', 'eth0', 'down'), 'eth0 is down'],
    [
      'the MAC changed',
      () => world.exec(...inPod, 'link', 'set', 'eth0', 'address', '02:00:00:00:00:01'),
      'eth0 has the MAC',
    ],
    ['the interface is gone', () => world.exec(...inPod, 'link', 'del', 'eth0'), 'interface eth0 is gone'],
    [
      'the host’s end left the bridge',
      () => world.exec('ip', 'link', 'set', added.hostVethName, 'nomaster'),
      'is no port of cni0',
    ],
    ['the bridge is gone', () => world.exec('ip', 'link', 'del', 'cni0'), 'bridge cni0 is gone'],
    [
      'the reservation is gone',
      () => world.exec('rm', '/run/state/ipam/podnet/10.240.2.2'),
      'address 10.240.2.2 is not reserved',
    ],
  ])('fails with code 106 when %s', (_, breakIt, message) => {
    breakIt();
    const { exitCode, answer } = check();
    expect([exitCode, answer.code]).toEqual([1, 106]);
    expect(answer.msg).toContain(message);
  });

  it('fails when the result was made for another sandbox', () => {
    const prevResult = JSON.parse(added.stdout.replace('/run/netns/one', '/run/netns/other')) as JsonObject;
    expect(check({ prevResult }).answer.msg).toContain('prevResult has the sandbox /run/netns/other');
  });
});
