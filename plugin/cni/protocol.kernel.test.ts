import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InvocationEvent } from '#model/cni/invocation-event.ts';
import type { JsonObject } from '#model/json.ts';
import type { CniCall, CniOutcome, KernelWorld } from '#plugin/testing/kernel-world.ts';
import { openKernelWorld } from '#plugin/testing/kernel-world.ts';
import { ipamConfiguration, podCidrConfiguration } from '#plugin/testing/network-configuration.ts';
import { SUPPORTED_CNI_VERSIONS } from './cni-version.ts';

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

describe('the protocol', () => {
  it('without a command tells about itself on stderr and succeeds', () => {
    const outcome = call({ command: '' });
    expect(outcome).toMatchObject({ exitCode: 0, stdout: '' });
    expect(outcome.stderr).toContain('1.1.0');
  });

  it('names every missing variable at once: code 4', () => {
    const { answer, exitCode } = world.cni({ command: 'ADD', input: podCidrConfiguration() });
    expect([exitCode, answer.code]).toEqual([1, 4]);
    for (const name of ['CNI_CONTAINERID', 'CNI_NETNS', 'CNI_IFNAME']) expect(answer.msg).toContain(name);
  });

  it.each<[string, Partial<CniCall>, number]>([
    ['an unknown command', { command: 'FROB' }, 4],
    ['a container id with a slash', { containerId: '../etc' }, 4],
    ['an interface name of 16 bytes', { ifName: 'a'.repeat(16) }, 4],
    ['an interface name with a colon', { ifName: 'eth0:1' }, 4],
    ['CNI_ARGS with a malformed pair', { args: 'IgnoreUnknown' }, 4],
    ['CNI_ARGS with an unknown key', { args: 'FOO=1' }, 4],
    ['empty stdin', { input: '' }, 6],
    ['stdin that is no JSON', { input: '{' }, 6],
    ['a configuration without a name', { input: { cniVersion: '1.1.0', type: 'podwire' } }, 7],
    ['a network name that would leave the folder', { input: podCidrConfiguration({ name: '../x' }) }, 7],
    ['a version from the future', { input: podCidrConfiguration({ cniVersion: '2.0.0' }) }, 1],
    ['CHECK before 0.4.0', { command: 'CHECK', input: podCidrConfiguration({ cniVersion: '0.3.1' }) }, 1],
    ['STATUS before 1.1.0', { command: 'STATUS', input: podCidrConfiguration({ cniVersion: '1.0.0' }) }, 1],
    ['GC before 1.1.0', { command: 'GC', input: podCidrConfiguration({ cniVersion: '1.0.0' }) }, 1],
    ['a range with host bits', { input: podCidrConfiguration({ podcidr: '10.240.2.1/24' }) }, 7],
    ['a range too small for a pod', { input: podCidrConfiguration({ podcidr: '10.240.2.0/31' }) }, 7],
    ['an IPAM plugin that is not there', { input: ipamConfiguration({ type: 'nobody' }) }, 107],
    ['hairpin together with promiscuous', { input: podCidrConfiguration({ hairpinMode: true, promiscMode: true }) }, 7],
  ])('refuses %s', (_, changes, code) => {
    const { answer, exitCode } = call(changes);
    expect([exitCode, answer.code]).toEqual([1, code]);
    expect(answer.msg).not.toBe('');
    expect(world.listLinkNames()).toEqual([]);
  });

  it('tolerates unknown keys, keys in another case and CNI_ARGS in any order', () => {
    const input = {
      CNIVersion: '1.0.0',
      Name: 'podnet',
      type: 'podwire',
      PodCIDR: '10.240.2.0/24',
      capabilities: { mac: true },
    };
    const args = 'K8S_POD_NAME=busybox;X=1;IgnoreUnknown=true;K8S_POD_NAMESPACE=default';
    expect(call({ input, args })).toMatchObject({ exitCode: 0, addresses: ['10.240.2.2/24'] });
    expect(world.readJournal()[0]).toMatchObject({ subject: 'default/busybox' });
  });
});

describe('VERSION', () => {
  it('lists what is spoken and touches nothing, with the dummies that libcni sends', () => {
    const variables = { CNI_PATH: 'dummy', CNI_CONTAINERID: '' };
    const input = { cniVersion: '1.0.0' };
    const outcome = world.cni({ command: 'VERSION', netns: '/dummy', ifName: 'dummy', variables, input });
    expect(outcome).toMatchObject({ exitCode: 0, stderr: '' });
    expect(JSON.parse(outcome.stdout)).toEqual({ cniVersion: '1.0.0', supportedVersions: [...SUPPORTED_CNI_VERSIONS] });
    expect(world.exec('ls', '/run').trim()).toBe('netns');
    expect(world.listLinkNames()).toEqual([]);
  });
});

describe('the result', () => {
  it.each(SUPPORTED_CNI_VERSIONS)('of version %s has the shape that this version knows', (cniVersion) => {
    const { answer, exitCode } = call({ input: podCidrConfiguration({ cniVersion }) });
    expect(exitCode).toBe(0);
    expect(answer.cniVersion).toBe(cniVersion);
    const keys = Object.keys(answer).sort();
    const routes = [{ dst: '0.0.0.0/0', gw: '10.240.2.1' }];
    if (['0.1.0', '0.2.0'].includes(cniVersion)) {
      const ip4 = { ip: '10.240.2.2/24', gateway: '10.240.2.1', routes };
      expect(answer).toEqual({ cniVersion, ip4, dns: {} });
    } else if (['0.3.0', '0.3.1', '0.4.0'].includes(cniVersion)) {
      expect(keys).toEqual(['cniVersion', 'dns', 'interfaces', 'ips', 'routes']);
      expect(answer.ips).toEqual([{ version: '4', interface: 2, address: '10.240.2.2/24', gateway: '10.240.2.1' }]);
    } else {
      expect(keys).toEqual(['cniVersion', 'interfaces', 'ips', 'routes']);
      expect(answer.ips).toEqual([{ interface: 2, address: '10.240.2.2/24', gateway: '10.240.2.1' }]);
    }
  });
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

  it('never fails a pod: ADD and DEL succeed when its disk is full', () => {
    world.exec('mkdir', '-p', '/run/state/journal');
    world.exec('mount', '-t', 'tmpfs', '-o', 'size=4k', 'tmpfs', '/run/state/journal');
    world.try(['sh', '-c', 'head -c 100000 /dev/zero > /run/state/journal/invocations.ndjson']);
    expect(call()).toMatchObject({ exitCode: 0, addresses: ['10.240.2.2/24'] });
    expect(call({ command: 'DEL' }).exitCode).toBe(0);
    expect(world.listLinkNames()).toEqual(['cni0']);
  });

  it('never fails a pod: ADD succeeds where its folder cannot be made', () => {
    world.exec('mkdir', '-p', '/run/state');
    world.exec('touch', '/run/state/journal');
    const outcome = call();
    expect(outcome).toMatchObject({ exitCode: 0, addresses: ['10.240.2.2/24'] });
    expect(outcome.stderr).toContain('journal');
  });
});
