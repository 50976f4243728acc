import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EXECUTABLE, type KernelWorld, openKernelWorld } from '#plugin/testing/kernel-world.ts';
import { ipamConfiguration, podCidrConfiguration } from '#plugin/testing/network-configuration.ts';

/** Long enough for every step before the one that hangs, on a machine that does much else. */
const DEADLINE_MS = 4000;
const TRY_AGAIN_LATER = 11;

let world: KernelWorld;

beforeEach(async () => {
  world = await openKernelWorld();
  world.addNamespaces('one');
});

afterEach(() => world[Symbol.dispose]());

const variables = {
  CNI_COMMAND: 'ADD',
  CNI_CONTAINERID: 'c1',
  CNI_NETNS: '/run/netns/one',
  CNI_IFNAME: 'eth0',
  CNI_PATH: '/opt/cni/bin',
  PODWIRE_DEADLINE_MS: String(DEADLINE_MS),
};
/** For what must not hang at all. */
const unhurried = { PODWIRE_DEADLINE_MS: '600000' };
const input = JSON.stringify(podCidrConfiguration());

/** Runs the plugin at the end of a shell script, in the script's own process. */
function runAfter(script: string, changes: Readonly<Record<string, string>> = {}, stdin = input) {
  const { exitCode, stdout } = world.try(['sh', '-ec', script], stdin, { ...variables, ...changes });
  return { exitCode, stdout, answer: JSON.parse(stdout || '{}') as { readonly code?: number; readonly msg?: string } };
}

function expectNothingLeft(): void {
  expect(world.listLinkNames().filter((name) => name !== 'cni0')).toEqual([]);
  expect(world.listLinkNames('one')).toEqual([]);
  expect(world.listReservations('podnet')).toEqual([]);
}

describe('40: nothing that hangs hangs the node', () => {
  it('stdin that the runtime never closes: code 11, and the journal has what came', () => {
    const script = `mkfifo /run/stdin; exec 3<>/run/stdin; printf '{"name":"podnet"' >&3; exec ${EXECUTABLE} <&3`;
    const { exitCode, answer } = runAfter(script);
    expect([exitCode, answer.code]).toEqual([1, TRY_AGAIN_LATER]);
    expect(answer.msg).toContain('stdin');
    expect(world.readJournal()[0]?.data.stdin).toBe('{"name":"podnet"');
    expectNothingLeft();
  });

  it('a lock of the address store that another process never gives back: code 11, and no address is taken', () => {
    const folder = '/run/state/ipam/podnet';
    const script = `mkdir -p ${folder}; exec 9>${folder}/.lock; flock 9; exec ${EXECUTABLE}`;
    const { exitCode, answer } = runAfter(script);
    expect([exitCode, answer.code]).toEqual([1, TRY_AGAIN_LATER]);
    expect(answer.msg).toMatch(/\.lock|no time is left/);
    expectNothingLeft();
  });

  it('a program that sets rules and never ends: code 11, everything is taken back', () => {
    world.exec('mkdir', '/run/bin');
    for (const program of ['iptables', 'iptables-save', 'iptables-restore', 'nft']) {
      world.exec(
        'sh',
        '-ec',
        `printf '#!/bin/sh\\nexec sleep 60\\n' > /run/bin/${program}; chmod +x /run/bin/${program}`,
      );
    }
    const { exitCode, answer } = runAfter(`exec ${EXECUTABLE}`, { PATH: `/run/bin:${process.env.PATH}` });
    expect([exitCode, answer.code]).toEqual([1, TRY_AGAIN_LATER]);
    expectNothingLeft();
    const made = world
      .readJournal()[0]
      ?.data.steps.filter(({ name }) => ['ipam.reserve', 'veth.create'].includes(name));
    expect(made?.filter(({ outcome }) => outcome === 'ok').every((step) => step.undone === true)).toBe(true);
  });

  it('an IPAM plugin that never ends, nor does what it started: code 11, and no link is left', () => {
    const script = `mkdir /run/bin; printf '#!/bin/sh\nsleep 30; echo {}\n' > /run/bin/hung; chmod +x /run/bin/hung; exec ${EXECUTABLE}`;
    const stdin = JSON.stringify(ipamConfiguration({ type: 'hung' }));
    const { exitCode, answer } = runAfter(script, { CNI_PATH: '/run/bin' }, stdin);
    expect([exitCode, answer.code]).toEqual([1, TRY_AGAIN_LATER]);
    expect(answer.msg).toMatch(/hung|no time is left/);
    expectNothingLeft();
  });

  it('an answer that the runtime never reads: exit 1, everything is taken back', () => {
    const script = `mkfifo /run/stdout; exec 3<>/run/stdout; head -c 65536 /dev/zero >&3; exec ${EXECUTABLE} >&3`;
    expect(runAfter(script).exitCode).toBe(1);
    expect(world.readJournal()[0]?.data).toMatchObject({ outcome: 'error', error: { code: TRY_AGAIN_LATER } });
    expectNothingLeft();
  });

  it('a FIFO where the network namespace should be: code 8 at once', () => {
    const { exitCode, answer } = runAfter(`mkfifo /run/fifo; exec ${EXECUTABLE}`, {
      ...unhurried,
      CNI_NETNS: '/run/fifo',
    });
    expect([exitCode, answer.code]).toEqual([1, 8]);
    expectNothingLeft();
  });

  it('a FIFO where the journal should be: the pod has its network', () => {
    const script = `mkdir -p /run/state/journal; mkfifo /run/state/journal/invocations.ndjson; exec ${EXECUTABLE}`;
    expect(runAfter(script, unhurried).exitCode).toBe(0);
    expect(world.listLinkNames('one')).toEqual(['eth0']);
  });

  it('the configuration’s own deadlineMs counts once it is read', () => {
    const folder = '/run/state/ipam/podnet';
    const script = `mkdir -p ${folder}; exec 9>${folder}/.lock; flock 9; exec ${EXECUTABLE}`;
    const stdin = JSON.stringify(podCidrConfiguration({ deadlineMs: DEADLINE_MS }));
    expect(runAfter(script, { PODWIRE_DEADLINE_MS: '600000' }, stdin).answer.code).toBe(TRY_AGAIN_LATER);
  });
});

it('the journal has the configuration also where the environment is wrong', () => {
  const outcome = world.cni({ command: 'ADD', containerId: 'c1', netns: 'one', input: podCidrConfiguration() });
  expect(outcome.answer.code).toBe(4);
  expect(world.readJournal()[0]?.data).toMatchObject({ network: 'podnet', stdin: podCidrConfiguration() });
});
