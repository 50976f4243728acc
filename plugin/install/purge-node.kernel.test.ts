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

  it('takes no file of another plugin, and twice is once', () => {
    run('install', '--pod-cidr', '10.240.1.0/24');
    world.exec('touch', '/run/bin/bridge', '/run/net.d/20-other.conflist');
    expect(run('uninstall', '--purge', 'true').exitCode).toBe(0);
    expect(listFiles()).toEqual(['/run/bin/bridge', '/run/net.d/20-other.conflist']);
    expect(world.try([EXECUTABLE, 'uninstall', '--purge', 'true'], '', directories).exitCode).toBe(0);
    expect(run('uninstall', '--purge', 'yes').exitCode).toBe(2);
  });
});
