import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '#model/json.ts';
import type { CniOutcome, KernelWorld } from '#plugin/testing/kernel-world.ts';
import { openKernelWorld } from '#plugin/testing/kernel-world.ts';
import { ipamConfiguration, podCidrConfiguration } from '#plugin/testing/network-configuration.ts';

let world: KernelWorld;

beforeEach(async () => {
  world = await openKernelWorld();
  world.addNamespaces('one');
});

afterEach(() => world[Symbol.dispose]());

const silent = { exitCode: 0, stdout: '', stderr: '' };
const status = (input: JsonObject = podCidrConfiguration()): CniOutcome => world.cni({ command: 'STATUS', input });
const add = (input: JsonObject = podCidrConfiguration()): CniOutcome =>
  world.cni({ command: 'ADD', containerId: 'c1', netns: 'one', ifName: 'eth0', input });

describe('33: STATUS', () => {
  it('is ready before the first pod, and leaves no trace', () => {
    expect(status()).toMatchObject(silent);
    expect(world.listLinkNames()).toEqual([]);
    expect(world.try(['ls', '/run/state']).exitCode).not.toBe(0);
  });

  it('is ready with pods', () => {
    add();
    expect(status()).toMatchObject(silent);
  });

  it('answers 50 when every address is taken, and is ready again after a DEL', () => {
    const input = ipamConfiguration({ subnet: '10.9.0.0/30' });
    add(input);
    expect(status(input).answer).toMatchObject({ code: 50, msg: expect.stringContaining('no address is left') });
    world.cni({ command: 'DEL', containerId: 'c1', ifName: 'eth0', input });
    expect(status(input)).toMatchObject(silent);
  });

  it('answers 50 when the configuration cannot be used', () => {
    expect(status(podCidrConfiguration({ podcidr: '10.240.2.1/24' })).answer.code).toBe(50);
  });

  it('answers 50 when the bridge’s name is another link’s', () => {
    world.exec('ip', 'link', 'add', 'cni0', 'type', 'veth', 'peer', 'name', 'other');
    expect(status().answer).toMatchObject({ code: 50, msg: expect.stringContaining('is no bridge') });
  });

  it('answers 50 when the bridge is about to run out of ports', () => {
    world.exec('ip', 'link', 'add', 'cni0', 'type', 'bridge');
    const addPorts = (from: number, to: number): void => {
      const lines = Array.from(
        { length: to - from },
        (_, index) => `link add p${from + index} master cni0 type veth peer q${from + index}`,
      );
      const { exitCode, stderr } = world.try(['ip', '-batch', '-'], `${lines.join('\n')}\n`);
      expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    };
    addPorts(0, 1014);
    expect(status()).toMatchObject(silent);
    addPorts(1014, 1015);
    expect(status().answer).toMatchObject({ code: 50, msg: expect.stringContaining('1015 ports') });
  }, 120_000);

  const full = ipamConfiguration({ subnet: '10.9.0.0/30' });

  it.each<[string, readonly string[], string]>([
    ['the bridge is down', ['ip', 'link', 'set', 'dev', 'cni0', 'down'], 'ip link set dev cni0 up'],
    ['the bridge is gone', ['ip', 'link', 'del', 'cni0'], 'bridge cni0 is gone'],
    ['nothing is forwarded', ['sysctl', '-w', 'net.ipv4.ip_forward=0'], 'sysctl -w net.ipv4.ip_forward=1'],
  ])('answers 51, naming both, when no address is left and besides %s', (_, [program = '', ...words], remedy) => {
    add(full);
    world.exec(program, ...words);
    const { answer } = status(full);
    expect(answer).toMatchObject({ code: 51, msg: expect.stringContaining(remedy) });
    expect(answer.msg).toContain('no address is left');
  });

  it('is ready where pods are cut off by what the next ADD mends: a node that is not ready gets no pod that would', () => {
    add();
    world.exec('ip', 'link', 'set', 'dev', 'cni0', 'down');
    world.exec('sysctl', '-w', 'net.ipv4.ip_forward=0');
    expect(status()).toMatchObject(silent);
    world.addNamespaces('two');
    world.cni({ command: 'ADD', containerId: 'c2', netns: 'two', ifName: 'eth0', input: podCidrConfiguration() });
    expect(world.exec('ip', '-br', 'link', 'show', 'cni0')).toContain('UP');
    expect(world.exec('sysctl', '-n', 'net.ipv4.ip_forward').trim()).toBe('1');
  });
});
