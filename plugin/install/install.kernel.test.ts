import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '#model/json.ts';
import { EXECUTABLE, type KernelWorld, openKernelWorld } from '#plugin/testing/kernel-world.ts';
import { PLUGIN_VERSION } from '#plugin/version.ts';

const BIN = '/run/bin';
const CONF = '/run/net.d';
const directories = { PODWIRE_BIN_DIR: BIN, PODWIRE_CONF_DIR: CONF };
const bridge = ['--pod-cidr', '10.240.1.0/24'];

const calico = {
  name: 'k8s-pod-network',
  cniVersion: '0.3.1',
  plugins: [
    { type: 'calico', policy: { type: 'k8s' } },
    { type: 'portmap', capabilities: { portMappings: true } },
  ],
};

let world: KernelWorld;

beforeEach(async () => {
  world = await openKernelWorld();
});

afterEach(() => world[Symbol.dispose]());

function run(words: readonly string[], variables: Readonly<Record<string, string>> = {}, executable = EXECUTABLE) {
  return world.try([executable, ...words], '', { ...directories, ...variables });
}

const install = (...flags: readonly string[]) => run(['install', ...flags]);
const list = (directory: string): readonly string[] =>
  world
    .try(['ls', '-A', directory])
    .stdout.split('\n')
    .filter((name) => name !== '');
const read = (file: string): JsonObject => JSON.parse(world.exec('cat', `${CONF}/${file}`)) as JsonObject;
const stat = (path: string): string => world.exec('stat', '-c', '%i %Y %a', path);

function write(file: string, value: unknown): void {
  world.exec('mkdir', '-p', CONF);
  world.try(['tee', `${CONF}/${file}`], typeof value === 'string' ? value : JSON.stringify(value));
}

describe('podwire install', () => {
  it('puts executable and network into directories that were not there, and pods get that network', () => {
    const outcome = install(...bridge, '--cluster-cidr', '10.240.0.0/16', '--mtu', '1400');
    expect(outcome).toMatchObject({ exitCode: 0, stderr: '' });
    world.exec('cmp', EXECUTABLE, `${BIN}/podwire`);
    expect([list(BIN), list(CONF)]).toEqual([['podwire'], ['10-podwire.conflist']]);
    const { plugins, ...head } = read('10-podwire.conflist');
    expect(head).toEqual({ name: 'podwire', cniVersion: '1.0.0', cniVersions: ['1.0.0', '1.1.0'] });
    world.addNamespaces('one');
    const [plugin = {}] = plugins as readonly JsonObject[];
    const input = { ...plugin, name: 'podwire', cniVersion: '1.1.0' };
    const { addresses } = world.cni({ command: 'ADD', containerId: 'c1', netns: 'one', ifName: 'eth0', input });
    expect(addresses).toEqual(['10.240.1.2/24']);
    expect(world.ipOne('-n', 'one', 'link', 'show', 'dev', 'eth0').mtu).toBe(1400);
  });

  it('takes two ranges for dual stack, from its environment as well as from flags', () => {
    expect(run(['install'], { PODWIRE_POD_CIDR: '10.240.1.0/24, fd00:1::/64' }).exitCode).toBe(0);
    const ranges = [[{ subnet: '10.240.1.0/24' }], [{ subnet: 'fd00:1::/64' }]];
    expect(read('10-podwire.conflist').plugins).toMatchObject([{ ipam: { type: 'podwire', ranges } }]);
    install(...bridge);
    expect(read('10-podwire.conflist').plugins).toMatchObject([{ podcidr: '10.240.1.0/24' }]);
  });

  it('done twice changes nothing', () => {
    install(...bridge);
    const before = [stat(`${BIN}/podwire`), stat(`${CONF}/10-podwire.conflist`)];
    expect(install(...bridge).stdout.match(/unchanged/g)).toHaveLength(2);
    expect(run(['install', ...bridge], {}, `${BIN}/podwire`).stdout.match(/unchanged/g)).toHaveLength(2);
    expect([stat(`${BIN}/podwire`), stat(`${CONF}/10-podwire.conflist`)]).toEqual(before);
  });

  it('replaces an executable that runs, which goes on running', () => {
    world.exec(
      'sh',
      '-ec',
      `mkdir ${BIN}; cp /bin/sleep ${BIN}/podwire; ${BIN}/podwire 60 >/dev/null 2>&1 & echo $! > /run/pid`,
    );
    expect(install(...bridge).exitCode).toBe(0);
    world.exec('cmp', EXECUTABLE, `${BIN}/podwire`);
    world.exec('sh', '-ec', 'kill $(cat /run/pid)');
  });

  it('reports the file that wins the lexical order, and a broken one before it', () => {
    write('05-torn.conf', '{');
    write('08-calico.conflist', calico);
    write('99-later.conflist', '{');
    const { exitCode, stderr } = install(...bridge);
    expect(exitCode).toBe(0);
    const [broken, winner, ...others] = stderr.trim().split('\n');
    expect(broken).toMatch(/warning: broken.*05-torn\.conf.*containerd/);
    expect(winner).toMatch(/warning: .*08-calico\.conflist comes first.*"k8s-pod-network"/);
    expect(others).toEqual([]);
    expect(install(...bridge, '--conf-name', '01-podwire.conflist').stderr).toBe('');
  });
});

describe('an installation that fails says why in one line and leaves everything as it was', () => {
  it.each([
    ['no range', []],
    ['a range with host bits', ['--pod-cidr', '10.240.1.1/24']],
    ['a cluster range that is none', [...bridge, '--cluster-cidr', 'everything']],
    ['an unknown mode', [...bridge, '--mode', 'router']],
    ['an unknown flag', [...bridge, '--force']],
    ['a name that no runtime reads as a list', [...bridge, '--conf-name', '10-podwire.yaml']],
    ['a name in another directory', [...bridge, '--conf-name', '../10-podwire.conflist']],
    ['an MTU that is none', [...bridge, '--mtu', '1.5k']],
    ['a relative directory', [...bridge, '--bin-dir', 'bin']],
  ])('%s: exit 2', (_, flags) => {
    const { exitCode, stdout, stderr } = install(...flags);
    expect([exitCode, stdout, stderr.trim().split('\n')]).toEqual([2, '', [expect.stringMatching(/^podwire: /)]]);
    expect([list(BIN), list(CONF)]).toEqual([[], []]);
  });

  function expectOldState(mount: string, remedy: string): void {
    world.exec('mkdir', '-p', BIN, CONF);
    write('10-podwire.conflist', 'old');
    world.exec('sh', '-ec', mount);
    const { exitCode, stdout, stderr } = install(...bridge);
    expect([exitCode, stdout, stderr.trim().split('\n')]).toEqual([1, '', [expect.stringContaining(remedy)]]);
    expect(world.exec('cat', `${CONF}/10-podwire.conflist`)).toBe('old');
    expect(world.exec('cat', `${BIN}/podwire`)).toBe('old');
    expect([list(BIN), list(CONF)]).toEqual([['podwire'], ['10-podwire.conflist']]);
  }

  it('the disk of the executable is full', () => {
    expectOldState(`mount -t tmpfs -o size=1m tmpfs ${BIN}; printf old > ${BIN}/podwire`, 'free some space');
  });

  it('the disk of the network is full', () => {
    const mount = `mount -t tmpfs -o size=8k tmpfs ${CONF}; head -c 4096 /dev/zero > ${CONF}/10-podwire.conflist`;
    world.exec('mkdir', '-p', BIN, CONF);
    world.exec('sh', '-ec', `printf old > ${BIN}/podwire; ${mount}; yes > ${CONF}/full || true`);
    const { exitCode, stderr } = install(...bridge);
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('free some space')]);
    expect(world.exec('cat', `${BIN}/podwire`)).toBe('old');
    expect([list(BIN), list(CONF)]).toEqual([['podwire'], ['10-podwire.conflist', 'full']]);
  });

  it('a directory is read-only', () => {
    const script = `printf old > ${BIN}/podwire; mount --bind ${CONF} ${CONF}; mount -o remount,bind,ro ${CONF}`;
    expectOldState(script, 'read-only');
  });

  it('a directory stands where a file should be', () => {
    world.exec('mkdir', '-p', `${CONF}/10-podwire.conflist`);
    const { exitCode, stderr } = install(...bridge);
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('is a directory')]);
    expect(list(BIN)).toEqual([]);
  });
});

describe('an installation that is killed', () => {
  /** Whatever a runtime could find is whole: absent, the old one or the new one. */
  function expectWhole(): void {
    const script = `for f in ${BIN}/podwire; do [ ! -e $f ] || cmp $f ${EXECUTABLE}; done`;
    world.exec('sh', '-ec', script);
    for (const name of list(CONF).filter((file) => file.endsWith('.conflist'))) expect(read(name).name).toBe('podwire');
  }

  it('never shows half a file, and the next one clears up', async () => {
    for (let afterMs = 0; afterMs < 150; afterMs += 10) {
      world.exec('rm', '-rf', `${BIN}/podwire`, `${CONF}/10-podwire.conflist`);
      world.try(
        ['timeout', '-s', 'KILL', String(afterMs / 1000 + 0.001), EXECUTABLE, 'install', ...bridge],
        '',
        directories,
      );
      expectWhole();
    }
    expect(install(...bridge).exitCode).toBe(0);
    expect([list(BIN), list(CONF)]).toEqual([['podwire'], ['10-podwire.conflist']]);
    expectWhole();
  });

  it('several at once take turns and leave one whole installation', async () => {
    const children = Array.from({ length: 4 }, () => startInstall());
    const codes = await Promise.all(children.map(async (child) => (await once(child, 'close'))[0] as number));
    expect(codes).toEqual([0, 0, 0, 0]);
    expect([list(BIN), list(CONF)]).toEqual([['podwire'], ['10-podwire.conflist']]);
    expectWhole();
  });

  function startInstall(): ChildProcess {
    return world.spawn([EXECUTABLE, 'install', ...bridge], directories);
  }
});

describe('podwire install --mode tap', () => {
  it('puts itself behind the network that is there, which stays as it is', () => {
    write('10-calico.conflist', calico);
    world.exec('chmod', '600', `${CONF}/10-calico.conflist`);
    const before = stat(`${CONF}/10-calico.conflist`);
    const { exitCode, stdout, stderr } = install('--mode', 'tap');
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toContain('10-calico.conflist');
    expect(list(CONF)).toEqual(['00-podwire-tap.conflist', '10-calico.conflist']);
    const plugins = [...calico.plugins, { type: 'podwire', mode: 'tap' }];
    expect(read('00-podwire-tap.conflist')).toEqual({ ...calico, plugins, 'podwire.io/tap-of': '10-calico.conflist' });
    expect(stat(`${CONF}/00-podwire-tap.conflist`)).toMatch(/ 600\n$/);
    expect(stat(`${CONF}/10-calico.conflist`)).toBe(before);
  });

  it('done again changes nothing, and takes a change of the original over', () => {
    write('10-calico.conflist', calico);
    install('--mode', 'tap');
    expect(install('--mode', 'tap').stdout.match(/unchanged/g)).toHaveLength(2);
    write('10-calico.conflist', { ...calico, plugins: calico.plugins.slice(0, 1) });
    expect(install('--mode', 'tap').stdout.match(/written/g)).toHaveLength(1);
    expect(read('00-podwire-tap.conflist').plugins).toEqual([calico.plugins[0], { type: 'podwire', mode: 'tap' }]);
  });

  it('makes a list of a single plugin’s file', () => {
    write('20-net.conf', { cniVersion: '0.3.1', name: 'net', type: 'ptp', ipam: { type: 'host-local' } });
    install('--mode', 'tap');
    expect(read('00-podwire-tap.conflist')).toEqual({
      cniVersion: '0.3.1',
      name: 'net',
      plugins: [
        { type: 'ptp', ipam: { type: 'host-local' } },
        { type: 'podwire', mode: 'tap' },
      ],
      'podwire.io/tap-of': '20-net.conf',
    });
  });

  it('is read before a network that itself wants to be the first', () => {
    write('00-multus.conf', { cniVersion: '0.3.1', name: 'multus', type: 'multus' });
    expect(install('--mode', 'tap')).toMatchObject({ exitCode: 0, stderr: '' });
    expect(list(CONF).toSorted()[0]).toBe('0-podwire-tap.conflist');
  });

  it.each([
    ['there is no network', undefined, 'install the cluster’s CNI first'],
    ['the network is broken', '{', 'broken'],
    ['podwire is in it already', { ...calico, plugins: [{ type: 'podwire' }] }, 'already'],
  ])('fails and changes nothing where %s', (_, network, words) => {
    if (network !== undefined) write('10-net.conflist', network);
    const { exitCode, stderr } = install('--mode', 'tap');
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining(words)]);
    expect(list(BIN)).toEqual([]);
    expect(list(CONF)).toEqual(network === undefined ? [] : ['10-net.conflist']);
  });

  it('fails where the name that is asked for would not be read first', () => {
    write('10-calico.conflist', calico);
    const { exitCode, stderr } = install('--mode', 'tap', '--conf-name', '20-tap.conflist');
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('10-calico.conflist')]);
  });
});

describe('podwire uninstall', () => {
  it('gives the network back to the plugin that was tapped', () => {
    write('10-calico.conflist', calico);
    install('--mode', 'tap');
    const { exitCode, stdout } = run(['uninstall']);
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining('10-calico.conflist')]);
    expect([list(CONF), list(BIN)]).toEqual([['10-calico.conflist'], ['podwire']]);
    expect(read('10-calico.conflist')).toEqual(calico);
  });

  it('takes away its own network and no one else’s, and twice is once', () => {
    install(...bridge);
    write('20-calico.conflist', calico);
    expect(run(['uninstall']).exitCode).toBe(0);
    expect(list(CONF)).toEqual(['20-calico.conflist']);
    expect(run(['uninstall'])).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('unchanged') });
    expect(run(['uninstall', '--conf-name', '20-calico.conflist']).exitCode).toBe(0);
    expect(list(CONF)).toEqual(['20-calico.conflist']);
  });
});

describe('podwire', () => {
  it('tells its version and its commands', () => {
    expect(run(['version'])).toEqual({ exitCode: 0, stdout: `podwire ${PLUGIN_VERSION}\n`, stderr: '' });
    const { exitCode, stdout } = run(['--help']);
    expect(exitCode).toBe(0);
    for (const word of ['install', 'uninstall', 'agent', '--pod-cidr', 'PODWIRE_CONF_DIR'])
      expect(stdout).toContain(word);
    expect(run(['instal'])).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('podwire help') });
  });
});
