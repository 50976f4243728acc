import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '#model/json.ts';
import { EXECUTABLE, type KernelWorld, openKernelWorld } from '#plugin/testing/kernel-world.ts';

const directories = {
  PODWIRE_BIN_DIR: '/run/bin',
  PODWIRE_CONF_DIR: '/run/net.d',
  PODWIRE_STATE: '/run/pw-state',
  PODWIRE_RUN: '/run/pw-run',
};

describe('podwire uninstall --purge', () => {
  let world: KernelWorld;

  beforeEach(async () => {
    world = await openKernelWorld();
  });
  afterEach(() => world[Symbol.dispose]());

  const run = (...words: readonly string[]) => world.try([EXECUTABLE, ...words], '', directories);
  const listFiles = () =>
    world
      .try(['find', ...Object.values(directories), '-mindepth', '1', '-maxdepth', '1'])
      .stdout.split('\n')
      .filter((name) => name !== '')
      .sort();
  const invoke = (command: string) => {
    const { plugins } = JSON.parse(world.exec('cat', '/run/net.d/10-podwire.conflist')) as { plugins: JsonObject[] };
    const input = JSON.stringify({ ...plugins[0], name: 'podwire', cniVersion: '1.0.0' });
    const variables = { CNI_COMMAND: command, CNI_CONTAINERID: 'c1', CNI_NETNS: '/run/netns/one', CNI_IFNAME: 'eth0' };
    return world.try(['/run/bin/podwire'], input, { ...directories, ...variables, CNI_PATH: '/run/bin' });
  };

  it('leaves executable and state to pods that still have an address, and nothing to a node without', () => {
    world.addNamespaces('one');
    run('install', '--pod-cidr', '10.240.1.0/24');
    expect(invoke('ADD').exitCode).toBe(0);
    const network = world.exec('cat', '/run/net.d/10-podwire.conflist');
    const kept = run('uninstall', '--purge', 'true');
    expect([kept.exitCode, kept.stderr]).toEqual([0, expect.stringContaining('1 addresses are held')]);
    expect(listFiles()).toContain('/run/bin/podwire');
    expect(listFiles()).not.toContain('/run/net.d/10-podwire.conflist');
    expect(world.exec('ip', '-n', 'one', '-br', 'address', 'show', 'dev', 'eth0')).toContain('10.240.1.2/24');
    world.try(['tee', '/run/net.d/10-podwire.conflist'], network);
    expect(invoke('DEL').exitCode).toBe(0);
    expect(run('uninstall', '--purge', 'true')).toMatchObject({ exitCode: 0, stderr: '' });
    expect(listFiles()).toEqual([]);
  });

  it('takes bridge, routes, overlay and rules off a node without pods, and leaves what others have', () => {
    world.addNamespaces('one');
    run('install', '--pod-cidr', '10.240.1.0/24');
    const others = [
      'ip link add br-other type bridge',
      'ip link add lan0 up type veth peer name lan1',
      'ip link set lan1 up',
      'ip addr add 192.0.2.1/24 dev lan0',
    ];
    const ours = [
      'ip route add 10.240.2.0/24 via 192.0.2.2 proto 112',
      'ip link add podwire-vxlan type vxlan id 112 dstport 4789 local 192.0.2.1',
    ];
    for (const line of [...others, 'ip route add 10.241.0.0/16 via 192.0.2.2', ...ours]) world.exec('sh', '-ec', line);
    const look = () => ({ links: [...world.listLinkNames()].sort(), routes: world.exec('ip', 'route') });
    world.exec('iptables', '-A', 'FORWARD', '-s', '198.51.100.1', '-j', 'ACCEPT');
    expect(invoke('ADD').exitCode).toBe(0);
    expect(look().links).toContain('cni0');
    expect(world.exec('nft', 'list', 'ruleset')).toContain('PODWIRE-POSTROUTING');
    expect(invoke('DEL').exitCode).toBe(0);
    const purged = run('uninstall', '--purge', 'true');
    expect(purged).toMatchObject({ exitCode: 0, stderr: '' });
    expect(purged.stdout).toContain('ip route del 10.240.2.0/24');
    const left = look();
    expect(left.links).toEqual(['br-other', 'lan0', 'lan1']);
    expect(left.routes.split('\n').map((line) => line.split(' ')[0])).toEqual(['10.241.0.0/16', '192.0.2.0/24', '']);
    expect(world.exec('nft', 'list', 'ruleset')).not.toContain('PODWIRE');
    expect(world.exec('iptables-save')).toContain('-A FORWARD -s 198.51.100.1/32 -j ACCEPT');
  });

  it('takes rules out of the older packet filter too, and the table of nft', () => {
    world.addNamespaces('one');
    world.exec('iptables-legacy', '-N', 'KUBE-IPTABLES-HINT', '-t', 'mangle');
    run('install', '--pod-cidr', '10.240.1.0/24');
    expect(invoke('ADD').exitCode).toBe(0);
    expect(world.exec('iptables-legacy-save')).toContain('PODWIRE-FORWARD');
    world.exec(
      'nft',
      'add table ip podwire; add chain ip podwire PODWIRE-POSTROUTING { type nat hook postrouting priority 100; }',
    );
    expect(invoke('DEL').exitCode).toBe(0);
    expect(run('uninstall', '--purge', 'true')).toMatchObject({ exitCode: 0, stderr: '' });
    expect(world.exec('iptables-legacy-save')).not.toContain('PODWIRE');
    expect(world.exec('nft', 'list', 'ruleset')).not.toContain('podwire');
  });

  it('takes no file of another plugin, and twice is once', () => {
    run('install', '--pod-cidr', '10.240.1.0/24');
    world.exec('touch', '/run/bin/bridge', '/run/net.d/20-other.conflist');
    expect(run('uninstall', '--purge', 'true').exitCode).toBe(0);
    expect(listFiles()).toEqual(['/run/bin/bridge', '/run/net.d/20-other.conflist']);
    expect(world.try([EXECUTABLE, 'uninstall', '--purge', 'true'], '', directories).exitCode).toBe(0);
    expect(run('uninstall', '--purge', 'yes').exitCode).toBe(2);
  });
});
