import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EXECUTABLE, KernelWorld, openKernelWorld, type ProgramOutcome } from '#plugin/testing/kernel-world.ts';

const directories = { PODWIRE_BIN_DIR: '/run/bin', PODWIRE_CONF_DIR: '/run/net.d' };
const bridge = ['install', '--pod-cidr', '10.240.1.0/24'];

let world: KernelWorld;

beforeEach(async () => {
  world = await openKernelWorld();
});

afterEach(() => world[Symbol.dispose]());

const run = (words: readonly string[], variables: Readonly<Record<string, string>> = {}): ProgramOutcome =>
  world.try([EXECUTABLE, ...words], '', { ...directories, ...variables });
const hasSwitch = (): boolean => world.try(['test', '-e', `${KernelWorld.state}/unmanaged`]).exitCode === 0;

describe('the agent of the node', () => {
  it('is told by uninstall to leave the node alone, and by install to keep it again', () => {
    run(bridge);
    expect(hasSwitch()).toBe(false);
    expect(run(['uninstall']).stdout).toContain('/unmanaged: written');
    expect(hasSwitch()).toBe(true);
    expect(run(['uninstall']).stdout).not.toContain('written');
    expect(run(bridge).stdout).toContain('the agent keeps the pod network of this node again');
    expect(hasSwitch()).toBe(false);
  });

  it('that cannot be told keeps the network: nothing is taken away', () => {
    run(bridge);
    const outcome = run(['uninstall'], { PODWIRE_STATE: '/proc/nowhere' });
    expect(outcome.exitCode).toBe(1);
    expect(outcome.stderr).toContain('/proc/nowhere/unmanaged cannot be changed');
    expect(world.exec('ls', '/run/net.d').trim()).toBe('10-podwire.conflist');
  });
});
