import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '#model/json.ts';
import { type CniCall, type CniOutcome, type KernelWorld, openKernelWorld } from '#plugin/testing/kernel-world.ts';
import { ipamConfiguration } from '#plugin/testing/network-configuration.ts';

let world: KernelWorld;

beforeEach(async () => {
  world = await openKernelWorld();
  world.addNamespaces('one', 'two');
});

afterEach(() => world[Symbol.dispose]());

const call = (command: string, pod: Pick<CniCall, 'containerId' | 'netns'>, input: JsonObject): CniOutcome =>
  world.cni({ command, ...pod, ifName: 'eth0', input });

describe('ADD after an ADD', () => {
  it('26: of the same address tells every other pod the MAC that it has now, in both families', () => {
    world.addNamespaces('three');
    const ranges = [[{ subnet: '10.9.0.0/24' }], [{ subnet: 'fd00:9::/64' }]];
    const network = (mac: string) =>
      ipamConfiguration({ ranges }, { runtimeConfig: { mac, ips: ['10.9.0.50/24', 'fd00:9::50/64'] } });
    call('ADD', { containerId: 'observer', netns: 'three' }, ipamConfiguration({ ranges }));
    const reach = (): void => {
      world.exec('ip', 'netns', 'exec', 'three', 'ping', '-c1', '-W1', '10.9.0.50');
      world.exec('ip', 'netns', 'exec', 'three', 'ping', '-6', '-c1', '-W1', 'fd00:9::50');
    };
    call('ADD', { containerId: 'c1', netns: 'one' }, network('02:00:00:00:00:01'));
    reach();
    call('DEL', { containerId: 'c1', netns: 'one' }, network('02:00:00:00:00:01'));
    call('ADD', { containerId: 'c2', netns: 'two' }, network('02:00:00:00:00:02'));
    for (const address of ['10.9.0.50', 'fd00:9::50'])
      expect(world.exec('ip', '-n', 'three', 'neighbour', 'show', address)).toContain('02:00:00:00:00:02');
    reach();
  });

  it('26: of an address whose earlier owner had another MAC does so too, without one of its own', () => {
    world.addNamespaces('three');
    const ranges = [[{ subnet: '10.9.0.0/24' }], [{ subnet: 'fd00:9::/64' }]];
    const ips = ['10.9.0.50/24', 'fd00:9::50/64'];
    const odd = ipamConfiguration({ ranges }, { runtimeConfig: { mac: '02:00:00:00:00:01', ips } });
    call('ADD', { containerId: 'observer', netns: 'three' }, ipamConfiguration({ ranges }));
    call('ADD', { containerId: 'c1', netns: 'one' }, odd);
    world.exec('ip', 'netns', 'exec', 'three', 'ping', '-c1', '-W1', '10.9.0.50');
    world.exec('ip', 'netns', 'exec', 'three', 'ping', '-6', '-c1', '-W1', 'fd00:9::50');
    call('DEL', { containerId: 'c1', netns: 'one' }, odd);
    call('ADD', { containerId: 'c2', netns: 'two' }, ipamConfiguration({ ranges }, { runtimeConfig: { ips } }));
    for (const address of ['10.9.0.50', 'fd00:9::50'])
      expect(world.exec('ip', '-n', 'three', 'neighbour', 'show', address)).toContain('0a:58:0a:09:00:32');
  });

  it('26: of an address whose owners all had the MAC that is made from it tells nobody', () => {
    const input = ipamConfiguration({ subnet: '10.9.0.0/30' });
    for (const containerId of ['c1', 'c2']) {
      call('ADD', { containerId, netns: 'one' }, input);
      call('DEL', { containerId, netns: 'one' }, input);
    }
    const steps = world.readJournal().flatMap(({ data }) => data.steps.map(({ name }) => name));
    expect(steps.filter((name) => name === 'veth.create')).toHaveLength(2);
    expect(steps).not.toContain('neighbour.announce');
  });

  it('17: of the same attachment in another namespace fails, and the first one keeps link and address', () => {
    for (const ipam of [{ subnet: '10.9.0.0/24' }, {}]) {
      const input = ipamConfiguration(ipam);
      const { hostVethName } = call('ADD', { containerId: 'c1', netns: 'one' }, input);
      const before = [world.ip('-n', 'one', 'address'), world.listReservations('podnet')];
      expect(call('ADD', { containerId: 'c1', netns: 'two' }, input).answer).toMatchObject({
        code: 105,
        msg: expect.stringContaining('DEL'),
      });
      expect([world.ip('-n', 'one', 'address'), world.listReservations('podnet')]).toEqual(before);
      expect(world.listLinkNames()).toContain(hostVethName);
      expect(world.listLinkNames('two')).toEqual([]);
      call('DEL', { containerId: 'c1', netns: 'one' }, input);
    }
  });
});
