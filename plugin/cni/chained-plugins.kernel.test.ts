import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '#model/json.ts';
import { type KernelWorld, openKernelWorld } from '#plugin/testing/kernel-world.ts';
import { podCidrConfiguration } from '#plugin/testing/network-configuration.ts';
import { type NetworkList, PluginChain } from '#plugin/testing/plugin-chain.ts';

let world: KernelWorld;

beforeEach(async () => {
  world = await openKernelWorld();
  world.addNamespaces('one', 'client');
});

afterEach(() => world[Symbol.dispose]());

type Plugin = NetworkList['plugins'][number];

const portmap: Plugin = { type: 'portmap', snat: true, capabilities: { portMappings: true } };
const bandwidth: Plugin = { type: 'bandwidth', capabilities: { bandwidth: true } };
const tuning: Plugin = { type: 'tuning', mac: '02:00:00:00:00:42', sysctl: { 'net.ipv4.conf.all.log_martians': '1' } };
const firewall: Plugin = { type: 'firewall', backend: 'iptables' };

const capabilities: JsonObject = {
  portMappings: [{ hostPort: 8080, containerPort: 80, protocol: 'tcp' }],
  bandwidth: { ingressRate: 8_000_000, ingressBurst: 8_000_000, egressRate: 8_000_000, egressBurst: 8_000_000 },
};
const attachment = { containerId: 'c1', netns: 'one', capabilities };

/**
 * portmap 1.1.1 looks for a pod's IPv4 rules in ip6tables too when it is asked to CHECK, and so never finds them, whoever made
 * the pod. Where there is no ip6tables it looks for them in the right place only.
 */
function checkWithoutIp6tables(chain: PluginChain): void {
  world.exec('mkdir', '-p', '/run/bin');
  world.exec('sh', '-c', 'ln -sf "$(command -v iptables)" /run/bin/iptables');
  chain.check({ ...attachment, searchPaths: { portmap: '/run/bin' } });
}

const chainOf = (...plugins: readonly Plugin[]): PluginChain => {
  const first = podCidrConfiguration() as JsonObject & { readonly type: string };
  return new PluginChain(world, { cniVersion: '1.0.0', name: 'podnet', plugins: [first, ...plugins] });
};

/** Nothing of the pod, of whichever plugin: only the bridge and what it shares with other pods. */
function expectNothingLeft(): void {
  expect(world.listLinkNames().filter((name) => name !== 'lan0')).toEqual(['cni0']);
  expect(world.listLinkNames('one')).toEqual([]);
  expect(world.listReservations('podnet')).toEqual([]);
  expect(world.exec('iptables-save')).not.toContain('10.240.2.2');
}

describe('a pod of a chain', () => {
  it.each([
    ['portmap', portmap, () => expect(world.exec('iptables-save')).toContain('--to-destination 10.240.2.2:80')],
    ['firewall', firewall, () => expect(world.exec('iptables-save')).toMatch(/-d 10\.240\.2\.2\/32 .*-j ACCEPT/)],
    [
      'tuning',
      tuning,
      () => {
        expect(world.ipOne('-n', 'one', 'link', 'show', 'dev', 'eth0').address).toBe('02:00:00:00:00:42');
        const setting = ['cat', '/proc/sys/net/ipv4/conf/all/log_martians'];
        expect(world.exec('ip', 'netns', 'exec', 'one', ...setting).trim()).toBe('1');
      },
    ],
    [
      'bandwidth',
      bandwidth,
      () => expect(world.exec('tc', 'qdisc', 'show')).toMatch(/qdisc tbf .* dev veth[0-9a-f]{11} .*rate 8Mbit/),
    ],
  ])('that goes on with %s passes CHECK as it was added, and DEL leaves nothing of it', (_, plugin, expectDone) => {
    const chain = chainOf(plugin);
    chain.add(attachment);
    expectDone();
    world.exec('ip', 'netns', 'exec', 'one', 'ping', '-c1', '-W5', '10.240.2.1');
    checkWithoutIp6tables(chain);
    chain.delete(attachment);
    expectNothingLeft();
    chain.delete({ ...attachment, netns: '' });
  });

  it('is reached from outside at the host’s port although FORWARD drops everything else', async () => {
    world.exec('ip', 'link', 'add', 'lan0', 'up', 'type', 'veth', 'peer', 'eth0', 'netns', 'client');
    world.exec('ip', 'address', 'add', '192.0.2.1/24', 'dev', 'lan0');
    world.exec('ip', '-n', 'client', 'address', 'add', '192.0.2.2/24', 'dev', 'eth0');
    world.exec('ip', '-n', 'client', 'link', 'set', 'eth0', 'up');
    world.exec('iptables', '-P', 'FORWARD', 'DROP');
    const chain = chainOf(firewall, portmap, bandwidth, tuning);
    chain.add(attachment);
    checkWithoutIp6tables(chain);
    const script = "require('net').createServer((s) => s.end('hello')).listen(80, () => console.log('ready'))";
    const server = world.spawn(['ip', 'netns', 'exec', 'one', process.execPath, '-e', script]);
    await once(server.stdout, 'data');
    const ask = ['ip', 'netns', 'exec', 'client', 'bash', '-c', 'timeout 5 cat < /dev/tcp/192.0.2.1/8080'] as const;
    expect(world.try(ask).stdout).toBe('hello');
    chain.delete(attachment);
    expectNothingLeft();
    expect(world.try(ask).exitCode).not.toBe(0);
  });
});
