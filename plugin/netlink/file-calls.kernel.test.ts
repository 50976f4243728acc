import { afterEach, beforeEach, expect, it } from 'vitest';
import { type CniOutcome, type KernelWorld, openKernelWorld } from '#plugin/testing/kernel-world.ts';
import { podCidrConfiguration } from '#plugin/testing/network-configuration.ts';

const STATE = '/run/state/ipam/podnet/.state';

let world: KernelWorld;

beforeEach(async () => {
  world = await openKernelWorld();
  world.addNamespaces('one');
});

afterEach(() => world[Symbol.dispose]());

const call = (command: string): CniOutcome =>
  world.cni({ command, containerId: 'c1', netns: 'one', ifName: 'eth0', input: podCidrConfiguration() });

const readState = () => JSON.parse(world.exec('cat', STATE)) as { readonly freed: readonly string[] };

it('the order of a large network, longer than one read(2), is read and written whole', () => {
  call('ADD');
  call('DEL');
  const freed = Array.from({ length: 5000 }, (_, place) => `10.50.${place >> 8}.${place & 255}`);
  world.try(['tee', STATE], JSON.stringify({ ...readState(), freed }));
  call('ADD');
  expect(readState().freed).toEqual(freed);
  call('DEL');
  expect(readState().freed).toHaveLength(freed.length + 1);
});

it('what cannot be opened is named with its errno', () => {
  world.exec('mkdir', '-p', '/run/state/ipam');
  world.exec('touch', '/run/state/ipam/podnet');
  const { answer, exitCode } = call('ADD');
  expect(exitCode).toBe(1);
  expect(answer).toMatchObject({ code: 5, msg: expect.stringMatching(/open .*\/ipam\/podnet\/\.lock: ENOTDIR/) });
});
