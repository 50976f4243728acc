import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { podCidrConfiguration } from '#plugin/testing/network-configuration.ts';
import { ClientWorld, findClientObstacle } from './client-world.ts';
import { CONTAINERD_NEEDS, CONTAINERD_SOCKET, CRI_NAMESPACE, startContainerd } from './containerd-daemon.ts';
import { CriClient } from './cri-client.ts';
import { describePrinted, readPodNetwork } from './pod-network.ts';

const obstacle = findClientObstacle(CONTAINERD_NEEDS);
if (obstacle !== undefined) console.warn(`skipped: pod sandboxes of containerd (${obstacle})`);

const NOT_INITIALIZED = {
  status: false,
  reason: 'NetworkPluginNotReady',
  message: 'Network plugin returns error: cni plugin not initialized',
};

describe.skipIf(obstacle !== undefined)('containerd', () => {
  let world: ClientWorld;
  let cri: CriClient;

  beforeEach(async () => {
    world = await ClientWorld.open();
    await startContainerd(world);
    cri = new CriClient(world.outsidePath(CONTAINERD_SOCKET));
  });
  afterEach(() => {
    cri?.[Symbol.dispose]();
    world?.[Symbol.dispose]();
  });

  /** The list form, of the newest version that Debian's containerd knows. */
  const configure = (podcidr = '10.240.2.0/24') => {
    const { cniVersion: _, name, ...plugin } = podCidrConfiguration({ podcidr });
    world.configureNetwork('10-podwire.conflist', { cniVersion: '1.0.0', name, plugins: [plugin] });
  };
  const untilNetwork = async (isReady: boolean) => {
    for (;;) {
      const condition = await cri.networkCondition();
      if (condition.status === isReady) return condition;
      await wait(50);
    }
  };
  const pingFrom = (id: string, target: string) => {
    const busybox = ['/bin/busybox', 'ping', '-c', '1', '-W', '30', target];
    return world.exec('ctr', '-n', CRI_NAMESPACE, 'task', 'exec', '--exec-id', `ping-${target}`, id, ...busybox);
  };

  it('calls a node without a network NotReady, and Ready once the configuration is in place', async () => {
    expect(await cri.networkCondition()).toMatchObject(NOT_INITIALIZED);
    configure();
    expect(await untilNetwork(true)).toMatchObject({ status: true });
  });

  it('gives a pod sandbox exactly the network that the plugin printed', async () => {
    configure();
    await untilNetwork(true);
    const id = await cri.runPodSandbox('web');
    const [added, ...others] = world.readJournal();
    expect(others).toEqual([]);
    expect(added?.data).toMatchObject({ verb: 'ADD', outcome: 'ok', pod: { namespace: 'default', name: 'web' } });
    expect(added?.data.env).toMatchObject({ containerId: id, ifName: 'eth0', path: '/opt/cni/bin' });
    expect(readPodNetwork(world, added!)).toEqual(describePrinted(added!));
    const { status } = await cri.podSandboxStatus(id);
    expect(describePrinted(added!).addresses).toEqual([`${status.network.ip}/24`]);
  });

  it('runs sandboxes that reach the gateway and each other', async () => {
    configure();
    await untilNetwork(true);
    const [web, client] = [await cri.runPodSandbox('web'), await cri.runPodSandbox('client')];
    const { status } = await cri.podSandboxStatus(web);
    expect(pingFrom(client, '10.240.2.1')).toContain(' 0% packet loss');
    expect(pingFrom(client, status.network.ip)).toContain(' 0% packet loss');
  });

  it('sends one DEL with the namespace and one without, and nothing of the pod is left', async () => {
    configure();
    await untilNetwork(true);
    const id = await cri.runPodSandbox('web');
    const rules = world.listRules();
    await cri.stopPodSandbox(id);
    await cri.removePodSandbox(id);
    const [, ...deleted] = world.readJournal();
    expect(deleted.map(({ data }) => [data.verb, data.outcome, data.env.netns !== undefined])).toEqual([
      ['DEL', 'ok', true],
      ['DEL', 'ok', false],
    ]);
    expect(world.listLinkNames()).toEqual(['cni0']);
    expect(world.listReservations('podnet')).toEqual([]);
    expect(world.listRules()).toEqual(rules);
    expect(world.exec('ls', '/run/netns')).toBe('');
  });
});
