import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InvocationEvent } from '#model/cni/invocation-event.ts';
import type { JsonObject } from '#model/json.ts';
import type { CniCall, CniOutcome, KernelWorld } from '#plugin/testing/kernel-world.ts';
import { openKernelWorld } from '#plugin/testing/kernel-world.ts';
import { podCidrConfiguration } from '#plugin/testing/network-configuration.ts';

let world: KernelWorld;

beforeEach(async () => {
  world = await openKernelWorld();
  world.addNamespaces('one');
});

afterEach(() => world[Symbol.dispose]());

const call = (changes: Partial<CniCall> = {}): CniOutcome =>
  world.cni({
    command: 'ADD',
    containerId: 'c1',
    netns: 'one',
    ifName: 'eth0',
    input: podCidrConfiguration(),
    ...changes,
  });

describe('the journal', () => {
  it('has one valid line per invocation, with the result exactly as printed', () => {
    const { stdout } = call({ args: 'K8S_POD_NAMESPACE=default;K8S_POD_NAME=busybox;K8S_POD_UID=u-1' });
    const [event, ...others] = world.readJournal();
    expect(others).toEqual([]);
    const { data, source, subject } = InvocationEvent.parse(event);
    expect([source, subject]).toEqual(['/nodes/test-node/plugin', 'default/busybox']);
    expect(data.result).toEqual(JSON.parse(stdout));
    expect(data).toMatchObject({
      verb: 'ADD',
      outcome: 'ok',
      exitCode: 0,
      pod: { uid: 'u-1' },
      stdin: podCidrConfiguration(),
    });
    const inode = world.exec('stat', '-L', '-c', '%i', '/run/netns/one').trim();
    expect(data.netnsId).toBe(inode);
    expect(data.steps.map(({ name }) => name)).toEqual([
      'config.parse',
      'netns.open',
      'ipam.reserve',
      'bridge.ensure',
      'veth.create',
      'veth.attach',
      'address.add',
      'route.add',
      'neighbour.refresh',
      'rules.ensure',
      'result.print',
    ]);
  });

  it('has commands that do the same by hand: run after DEL, they wire the pod again', () => {
    call();
    const steps = world.readJournal()[0]?.data.steps ?? [];
    const kernel = (): unknown[] => [
      world.ip('-n', 'one', '-4', 'address', 'show', 'dev', 'eth0').map(({ addr_info }) => addr_info),
      world.ip('-n', 'one', 'route'),
      world.ip('link', 'show', 'type', 'veth').map(({ ifname, master }) => [ifname, master]),
    ];
    const before = kernel();
    call({ command: 'DEL' });
    const names = ['veth.create', 'veth.attach', 'address.add', 'route.add', 'neighbour.refresh'];
    for (const { name, command } of steps) if (names.includes(name)) world.exec('sh', '-ec', command ?? 'false');
    expect(kernel()).toEqual(before);
  });

  it('keeps secrets out', () => {
    call({
      input: podCidrConfiguration({ datastore: { password: 'hunter2', endpoint: 'https://etcd' }, token: 't0p' }),
    });
    const text = world.exec('cat', '/run/state/journal/invocations.ndjson');
    expect(text).not.toContain('hunter2');
    expect(text).not.toContain('t0p');
    expect(text).toContain('https://etcd');
  });

  it('says what failed', () => {
    const { stdout } = call({ netns: 'missing' });
    const { data } = InvocationEvent.parse(world.readJournal()[0]);
    const { code, msg } = JSON.parse(stdout) as JsonObject;
    expect(data).toMatchObject({ outcome: 'error', exitCode: 1, error: { code, msg } });
    expect(data.result).toBeUndefined();
  });

  it('39: never fails a pod: ADD and DEL succeed when its disk is full', () => {
    world.exec('mkdir', '-p', '/run/state/journal');
    world.exec('mount', '-t', 'tmpfs', '-o', 'size=4k', 'tmpfs', '/run/state/journal');
    world.try(['sh', '-c', 'head -c 100000 /dev/zero > /run/state/journal/invocations.ndjson']);
    expect(call()).toMatchObject({ exitCode: 0, addresses: ['10.240.2.2/24'] });
    expect(call({ command: 'DEL' }).exitCode).toBe(0);
    expect(world.listLinkNames()).toEqual(['cni0']);
  });

  it('39: never fails a pod: ADD succeeds where its folder cannot be made', () => {
    world.exec('mkdir', '-p', '/run/state');
    world.exec('touch', '/run/state/journal');
    const outcome = call();
    expect(outcome).toMatchObject({ exitCode: 0, addresses: ['10.240.2.2/24'] });
    expect(outcome.stderr).toContain('journal');
  });
});
