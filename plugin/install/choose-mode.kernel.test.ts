import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EXECUTABLE, type KernelWorld, openKernelWorld } from '#plugin/testing/kernel-world.ts';

const BIN = '/run/bin';
const CONF = '/run/net.d';
const bridge = ['--pod-cidr', '10.240.1.0/24'];
const calico = { name: 'k8s-pod-network', cniVersion: '0.3.1', plugins: [{ type: 'calico' }] };

let world: KernelWorld;

beforeEach(async () => {
  world = await openKernelWorld();
});

afterEach(() => world[Symbol.dispose]());

const run = (...words: readonly string[]) =>
  world.try([EXECUTABLE, ...words], '', { PODWIRE_BIN_DIR: BIN, PODWIRE_CONF_DIR: CONF });
const auto = (...flags: readonly string[]) => run('install', '--mode', 'auto', ...flags);
const list = (directory: string): readonly string[] =>
  world
    .try(['ls', '-A', directory])
    .stdout.split('\n')
    .filter((name) => name !== '');

function write(file: string, value: unknown): void {
  world.exec('mkdir', '-p', CONF);
  world.try(['tee', `${CONF}/${file}`], typeof value === 'string' ? value : JSON.stringify(value));
}

describe('podwire install --mode auto', () => {
  it('becomes the node’s bridge where no network is there, and a tap where another plugin’s is', () => {
    expect(auto(...bridge)).toMatchObject({ exitCode: 0, stderr: '' });
    expect(list(CONF)).toEqual(['10-podwire.conflist']);
    expect(run('uninstall').exitCode).toBe(0);
    write('10-calico.conflist', calico);
    expect(auto(...bridge)).toMatchObject({ exitCode: 0, stderr: '' });
    expect(list(CONF)).toEqual(['00-podwire-tap.conflist', '10-calico.conflist']);
  });

  it('stays what it is when other networks come', () => {
    auto(...bridge);
    write('20-calico.conflist', calico);
    auto(...bridge);
    expect(list(CONF)).toEqual(['10-podwire.conflist', '20-calico.conflist']);
    run('uninstall');
    auto(...bridge);
    write('30-podwire.conflist', { ...calico, plugins: [{ type: 'podwire', podcidr: '10.240.1.0/24' }] });
    expect(auto(...bridge).stdout).toContain('00-podwire-tap.conflist: unchanged');
  });

  it('takes a file that no runtime can use for no network', () => {
    write('10-torn.conflist', '{');
    expect(auto(...bridge).exitCode).toBe(0);
    expect(list(CONF)).toEqual(['10-podwire.conflist', '10-torn.conflist']);
  });

  it('leaves the bridge’s network to the agent where the range is that of the node, and taps all the same', () => {
    const { exitCode, stdout } = auto('--pod-cidr', 'node');
    expect([exitCode, list(CONF), list(BIN)]).toEqual([0, [], ['podwire']]);
    expect(stdout).toContain('10-podwire.conflist comes from the agent');
    write('10-calico.conflist', calico);
    expect(auto('--pod-cidr', 'node').exitCode).toBe(0);
    expect(list(CONF)).toEqual(['00-podwire-tap.conflist', '10-calico.conflist']);
  });
});
