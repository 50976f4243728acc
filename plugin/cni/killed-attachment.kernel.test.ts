import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KernelWorld } from '#plugin/testing/kernel-world.ts';
import { EXECUTABLE, openKernelWorld } from '#plugin/testing/kernel-world.ts';
import { podCidrConfiguration } from '#plugin/testing/network-configuration.ts';

let world: KernelWorld;
const input = podCidrConfiguration();

beforeEach(async () => {
  world = await openKernelWorld();
  world.addNamespaces('one');
});

afterEach(() => world[Symbol.dispose]());

/** Kills the ADD after so many milliseconds: spread over its whole run, so that every step is hit some time. */
function addAndKill(containerId: string, afterMs: number): void {
  const variables = {
    CNI_COMMAND: 'ADD',
    CNI_CONTAINERID: containerId,
    CNI_NETNS: '/run/netns/one',
    CNI_IFNAME: 'eth0',
  };
  world.try(['timeout', '-s', 'KILL', String(afterMs / 1000), EXECUTABLE], JSON.stringify(input), variables);
}

const killTimesMs = Array.from({ length: 24 }, (_, index) => 2 + index);

describe('after an ADD that was killed', () => {
  it('DEL without namespace and prevResult leaves nothing, whatever step it was in', () => {
    for (const afterMs of killTimesMs) {
      addAndKill('c1', afterMs);
      expect(world.cni({ command: 'DEL', containerId: 'c1', ifName: 'eth0', input }).exitCode).toBe(0);
      expect(world.listLinkNames().filter((name) => name !== 'cni0')).toEqual([]);
      expect(world.listLinkNames('one')).toEqual([]);
      expect(world.listReservations('podnet')).toEqual([]);
    }
  });

  it('an ADD of another pod works and gets an address of its own', () => {
    world.addNamespaces(...killTimesMs.map((afterMs) => `pod${afterMs}`));
    const addresses = killTimesMs.map((afterMs) => {
      addAndKill(`killed${afterMs}`, afterMs);
      world.cni({ command: 'DEL', containerId: `killed${afterMs}`, ifName: 'eth0', input });
      const netns = `pod${afterMs}`;
      const { exitCode, addresses: given } = world.cni({
        command: 'ADD',
        containerId: netns,
        netns,
        ifName: 'eth0',
        input,
      });
      expect(exitCode).toBe(0);
      return given[0];
    });
    expect(new Set(addresses).size).toBe(killTimesMs.length);
    expect(world.listReservations('podnet')).toHaveLength(killTimesMs.length);
  });
});
