import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '#model/json.ts';
import type { CniCall, CniOutcome, KernelWorld } from '#plugin/testing/kernel-world.ts';
import { EXECUTABLE, openKernelWorld } from '#plugin/testing/kernel-world.ts';
import { ipamConfiguration, podCidrConfiguration } from '#plugin/testing/network-configuration.ts';

let world: KernelWorld;

beforeEach(async () => {
  world = await openKernelWorld();
  world.addNamespaces('one', 'two');
});

afterEach(() => world[Symbol.dispose]());

function call(command: string, input: JsonObject, changes: Partial<CniCall> = {}): CniOutcome {
  const variables = { CNI_PATH: '/nowhere:/run/none' };
  return world.cni({ command, containerId: 'c1', netns: 'one', ifName: 'eth0', input, variables, ...changes });
}

const silent = { exitCode: 0, stdout: '', stderr: '' };

describe('an IPAM plugin', () => {
  const fake = (changes: JsonObject = {}): JsonObject => ipamConfiguration({ type: 'fake' }, changes);
  const withFake = { variables: { CNI_PATH: '/run/bin' } };

  /** An IPAM plugin of one shell script, for answers that no real one gives when asked to. */
  function installFake(script: string, name = 'fake'): void {
    world.exec('mkdir', '-p', '/run/bin');
    world.try(
      ['tee', `/run/bin/${name}`],
      `#!/bin/sh\ncat > /run/stdin.$CNI_COMMAND\nenv > /run/env.$CNI_COMMAND\n${script}\n`,
    );
    world.exec('chmod', '+x', `/run/bin/${name}`);
  }

  const giving = 'case $CNI_COMMAND in ADD) echo \'{"cniVersion":"1.1.0","ips":[{"address":"10.9.0.5/24"}]}\';; esac';

  it('that is missing is named together with CNI_PATH, and nothing is made', () => {
    const { answer, exitCode } = call('ADD', fake());
    expect([exitCode, answer.code]).toEqual([1, 107]);
    expect(answer.msg).toContain('IPAM plugin fake is in no directory of CNI_PATH /nowhere:/run/none');
    expect(world.listLinkNames()).toEqual([]);
    expect(call('STATUS', fake()).answer.code).toBe(50);
  });

  it.each(['ADD', 'DEL', 'GC', 'STATUS'])('that is Podwire under another name is not run for %s', (command) => {
    world.exec('mkdir', '-p', '/run/bin');
    world.exec('ln', '-s', EXECUTABLE, '/run/bin/fake');
    const outcome = call(command, fake({ 'cni.dev/valid-attachments': [] }), withFake);
    expect(outcome.exitCode).toBe(1);
    expect(outcome.stdout).toContain('IPAM plugin /run/bin/fake is Podwire itself');
    expect(world.readJournal().length).toBe(1);
  });

  it('gets our environment, and the configuration as it came', () => {
    installFake(giving);
    const input = `${JSON.stringify(fake({ unknown: 12345678901234567890n.toString() }))}  `;
    const outcome = world.cni({
      command: 'ADD',
      containerId: 'c1',
      netns: 'one',
      ifName: 'eth0',
      args: 'IP=10.9.0.5',
      input,
      ...withFake,
    });
    expect(outcome.exitCode).toBe(0);
    expect(world.exec('cat', '/run/stdin.ADD')).toBe(input);
    const variables = world.exec('cat', '/run/env.ADD').split('\n');
    for (const line of [
      'CNI_COMMAND=ADD',
      'CNI_CONTAINERID=c1',
      'CNI_NETNS=/run/netns/one',
      'CNI_IFNAME=eth0',
      'CNI_ARGS=IP=10.9.0.5',
      'CNI_PATH=/run/bin',
    ]) {
      expect(variables).toContain(line);
    }
  });

  it.each([
    ['no address', '{"cniVersion":"1.1.0"}', 'it has no address'],
    ['an address without length', '{"ips":[{"address":"10.9.0.5"}]}', 'the address 10.9.0.5 is no prefix'],
    ['a broken route', '{"ips":[{"address":"10.9.0.5/24"}],"routes":[{"dst":"x"}]}', 'it has a route to x'],
  ])('whose result has %s is refused by name, and asked to take it back', (_, result, reason) => {
    installFake(`[ $CNI_COMMAND = ADD ] && echo '${result}'; exit 0`);
    const { answer } = call('ADD', fake(), withFake);
    expect(answer.code).toBe(107);
    expect(answer.msg).toContain(`the result of IPAM plugin fake cannot be used: ${reason}`);
    expect(world.exec('cat', '/run/env.DEL')).toContain('CNI_CONTAINERID=c1');
    expect(world.listLinkNames('one')).toEqual([]);
  });

  it('that dies without an answer is named with what it wrote to stderr', () => {
    installFake('echo "no disk" >&2; exit 3');
    const { answer } = call('ADD', fake(), withFake);
    expect(answer).toMatchObject({ code: 107, msg: 'IPAM plugin fake exited with 3 and printed no error object' });
    expect(answer).toHaveProperty('details', expect.stringContaining('no disk'));
  });

  it('that hangs is killed at the deadline, and nothing of the pod stays', () => {
    installFake('[ $CNI_COMMAND = ADD ] && exec sleep 600; exit 0');
    const variables = { CNI_PATH: '/run/bin', PODWIRE_DEADLINE_MS: '2000' };
    const { answer } = call('ADD', fake(), { variables });
    expect(answer).toMatchObject({ code: 11, msg: expect.stringContaining('IPAM plugin fake did not finish ADD') });
    expect(world.listLinkNames('one')).toEqual([]);
  });

  it('whose DEL hangs is killed in time for the pod to go', () => {
    installFake(`[ $CNI_COMMAND = DEL ] && exec sleep 600\n${giving}`);
    call('ADD', fake(), withFake);
    const variables = { CNI_PATH: '/run/bin', PODWIRE_DEADLINE_MS: '4000' };
    const { answer } = call('DEL', fake(), { variables });
    expect(answer).toMatchObject({ code: 11, msg: expect.stringContaining('IPAM plugin fake did not finish DEL') });
    expect(world.listLinkNames('one')).toEqual([]);
    expect(world.listLinkNames()).toEqual(['cni0']);
  });

  it.each([
    [11, 'which a second DEL may cure, fails DEL too', 1],
    [7, 'which no second DEL would cure, does not fail DEL', 0],
  ])('whose DEL fails with code %i, %s, and the pod goes in both cases', (code, _, exitCode) => {
    installFake(`[ $CNI_COMMAND = DEL ] && echo '{"code":${code},"msg":"sorry"}' && exit 1\n${giving}`);
    call('ADD', fake(), withFake);
    const outcome = call('DEL', fake(), withFake);
    expect(outcome.exitCode).toBe(exitCode);
    if (exitCode === 1) expect(outcome.answer).toMatchObject({ code, msg: 'IPAM plugin fake: sorry' });
    expect(world.listLinkNames('one')).toEqual([]);
    expect(world.listLinkNames()).toEqual(['cni0']);
  });

  it('gets STATUS and GC of CNI 1.1.0, and what it answers counts', () => {
    installFake('true');
    expect(call('STATUS', fake(), withFake)).toMatchObject(silent);
    const gc = fake({ 'cni.dev/valid-attachments': [{ containerID: 'c9', ifname: 'eth0' }] });
    expect(call('GC', gc, withFake)).toMatchObject(silent);
    expect(JSON.parse(world.exec('cat', '/run/stdin.GC'))).toEqual(gc);
    for (const [given, answered] of [
      [51, 51],
      [50, 50],
      [999, 50],
    ]) {
      installFake(`echo '{"code":${given},"msg":"full"}'; exit 1`);
      expect(call('STATUS', fake(), withFake).answer).toMatchObject({ code: answered, msg: 'IPAM plugin fake: full' });
    }
    expect(call('GC', gc, withFake)).toMatchObject({ exitCode: 1 });
  });

  it('is not run where the addresses are ours', () => {
    installFake('true', 'podwire');
    for (const command of ['ADD', 'DEL', 'STATUS'])
      expect(call(command, podCidrConfiguration({ ipam: { type: 'podwire' } }), withFake).exitCode).toBe(0);
    expect(world.try(['ls', '/run/stdin.ADD']).exitCode).not.toBe(0);
  });
});
