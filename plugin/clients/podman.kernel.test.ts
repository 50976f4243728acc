import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ClientWorld, findClientObstacle } from './client-world.ts';
import { configurePodNetwork, describePrinted, readPodNetwork } from './pod-network.ts';
import { callPodman, PODMAN_NEEDS, preparePodman, runContainer } from './podman.ts';

const obstacle = findClientObstacle(PODMAN_NEEDS);
if (obstacle !== undefined) console.warn(`skipped: podman with its CNI backend (${obstacle})`);

describe.skipIf(obstacle !== undefined)('podman', () => {
  let world: ClientWorld;

  beforeEach(async () => {
    world = await ClientWorld.open();
    preparePodman(world);
    configurePodNetwork(world);
  });
  afterEach(() => world?.[Symbol.dispose]());

  const done = { exitCode: 0 };
  const pingFrom = (name: string, target: string) =>
    callPodman(world, 'exec', name, '/bin/busybox', 'ping', '-c', '1', '-W', '30', target).stdout;

  it('gives a container exactly the network that the plugin printed', () => {
    expect(runContainer(world, 'web')).toMatchObject(done);
    const [added, ...others] = world.readJournal();
    expect(others).toEqual([]);
    expect(added?.data.env.args).toMatchObject({ K8S_POD_NAME: 'web' });
    expect(readPodNetwork(world, added!)).toEqual(describePrinted(added!));
  });

  it('gets the address and the MAC that it asks for with IP= and MAC= in CNI_ARGS', () => {
    const options = ['--ip', '10.240.2.77', '--mac-address', '02:00:00:00:00:77'];
    expect(runContainer(world, 'web', options)).toMatchObject(done);
    const [added] = world.readJournal();
    expect(added?.data.env.args).toMatchObject({ IP: '10.240.2.77', MAC: '02:00:00:00:00:77' });
    expect(readPodNetwork(world, added!)).toEqual({
      mac: '02:00:00:00:00:77',
      addresses: ['10.240.2.77/24'],
      routes: ['default via 10.240.2.1'],
    });
  });

  it('keeps address and MAC over a restart and over `podman network reload`', () => {
    const options = ['--ip', '10.240.2.77', '--mac-address', '02:00:00:00:00:77'];
    expect(runContainer(world, 'web', options)).toMatchObject(done);
    expect(callPodman(world, 'restart', '--time', '0', 'web')).toMatchObject(done);
    expect(callPodman(world, 'network', 'reload', 'web')).toMatchObject(done);
    const events = world.readJournal();
    expect(events.map(({ data }) => `${data.verb} ${data.outcome}`)).toEqual([
      'ADD ok',
      'DEL ok',
      'ADD ok',
      'DEL ok',
      'ADD ok',
    ]);
    expect(readPodNetwork(world, events.at(-1)!)).toEqual(describePrinted(events[0]!));
  });

  it('runs containers that reach the gateway and each other', () => {
    expect(runContainer(world, 'web', ['--ip', '10.240.2.77'])).toMatchObject(done);
    expect(runContainer(world, 'client')).toMatchObject(done);
    expect(pingFrom('client', '10.240.2.1')).toContain(' 0% packet loss');
    expect(pingFrom('client', '10.240.2.77')).toContain(' 0% packet loss');
  });

  it('fails in the words of the plugin when the address asked for is taken or in no range', () => {
    expect(runContainer(world, 'web', ['--ip', '10.240.2.77'])).toMatchObject(done);
    const taken = runContainer(world, 'second', ['--ip', '10.240.2.77']);
    expect(taken.stderr).toMatch(/plugin type="podwire" failed \(add\): .*10\.240\.2\.77/);
    const outside = runContainer(world, 'third', ['--ip', '10.9.0.1']);
    expect(outside.stderr).toMatch(/plugin type="podwire" failed \(add\): .*10\.9\.0\.1/);
    expect(world.listReservations('podnet')).toEqual(['10.240.2.77']);
    expect(world.listLinkNames()).toHaveLength(2);
  });

  it('sends one DEL with the namespace, and nothing of the container is left', () => {
    expect(runContainer(world, 'web')).toMatchObject(done);
    const rules = world.listRules();
    expect(callPodman(world, 'rm', '--force', '--time', '0', 'web')).toMatchObject(done);
    const calls = world.readJournal().map(({ data }) => [data.verb, data.outcome, data.env.netns !== undefined]);
    expect(calls).toEqual([
      ['ADD', 'ok', true],
      ['DEL', 'ok', true],
    ]);
    expect(world.listLinkNames()).toEqual(['cni0']);
    expect(world.listReservations('podnet')).toEqual([]);
    expect(world.listRules()).toEqual(rules);
    expect(world.exec('find', '/run', '-path', '*/netns/*')).toBe('');
  });
});
