import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ClientWorld, findClientObstacle } from './client-world.ts';
import {
  CONTAINERD_NEEDS,
  CONTAINERD_SOCKET,
  CRI_NAMESPACE,
  killContainerd,
  startContainerd,
} from './containerd-daemon.ts';
import { CriClient } from './cri-client.ts';
import { configurePodNetwork, describePrinted, readPodNetwork } from './pod-network.ts';

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

  const pingFrom = (id: string, target: string) => {
    const busybox = ['/bin/busybox', 'ping', '-c', '1', '-W', '30', target];
    const name = `ping-${target.replaceAll(/[.:]+/g, '-')}`;
    return world.exec('ctr', '-n', CRI_NAMESPACE, 'task', 'exec', '--exec-id', name, id, ...busybox);
  };
  const listOutcomes = () => world.readJournal().map(({ data }) => `${data.verb} ${data.outcome}`);

  it('calls a node without a network NotReady, and Ready once the configuration is in place', async () => {
    expect(await cri.networkCondition()).toMatchObject(NOT_INITIALIZED);
    configurePodNetwork(world);
    expect(await cri.untilNetwork(true)).toMatchObject({ status: true });
  });

  it('gives a pod sandbox exactly the network that the plugin printed', async () => {
    configurePodNetwork(world);
    await cri.untilNetwork(true);
    const id = await cri.runPodSandbox('web');
    const [added, ...others] = world.readJournal();
    expect(others).toEqual([]);
    expect(added?.data).toMatchObject({ verb: 'ADD', outcome: 'ok', pod: { namespace: 'default', name: 'web' } });
    expect(added?.data.env).toMatchObject({ containerId: id, ifName: 'eth0', path: '/opt/cni/bin' });
    expect(readPodNetwork(world, added!)).toEqual(describePrinted(added!));
    const { status } = await cri.podSandboxStatus(id);
    expect(describePrinted(added!).addresses).toEqual([`${status.network.ip}/24`]);
  });

  it('tells the kubelet both addresses of a dual-stack sandbox', async () => {
    const ranges = [[{ subnet: '10.240.2.0/24' }], [{ subnet: 'fd00:240:2::/64' }]];
    const routes = [{ dst: '0.0.0.0/0' }, { dst: '::/0' }];
    const ipam = { type: 'podwire', ranges, routes };
    world.configureNetwork('10-podwire.conflist', {
      cniVersion: '1.0.0',
      name: 'podnet',
      plugins: [{ type: 'podwire', bridge: 'cni0', isGateway: true, ipam }],
    });
    await cri.untilNetwork(true);
    const id = await cri.runPodSandbox('web');
    const [added] = world.readJournal();
    expect(readPodNetwork(world, added!)).toEqual(describePrinted(added!));
    const { status } = await cri.podSandboxStatus(id);
    expect(status.network).toMatchObject({ ip: '10.240.2.2', additional_ips: [{ ip: 'fd00:240:2::2' }] });
    expect(pingFrom(id, 'fd00:240:2::1')).toContain(' 0% packet loss');
  });

  it('runs many sandboxes at once, each with an address of its own, and removes them at once', async () => {
    configurePodNetwork(world);
    await cri.untilNetwork(true);
    const ids = await Promise.all(Array.from({ length: 8 }, (_, place) => cri.runPodSandbox(`pod-${place}`)));
    const sandboxes = await Promise.all(ids.map((id) => cri.podSandboxStatus(id)));
    expect(new Set(sandboxes.map(({ status }) => status.network.ip)).size).toBe(8);
    await Promise.all(ids.map((id) => cri.stopPodSandbox(id)));
    await Promise.all(ids.map((id) => cri.removePodSandbox(id)));
    expect(listOutcomes().filter((outcome) => outcome === 'ADD ok')).toHaveLength(8);
    expect(listOutcomes().filter((outcome) => outcome === 'DEL ok')).toHaveLength(16);
    expect(world.listLinkNames()).toEqual(['cni0']);
    expect(world.listReservations('podnet')).toEqual([]);
  });

  it('runs sandboxes that reach the gateway and each other', async () => {
    configurePodNetwork(world);
    await cri.untilNetwork(true);
    const [web, client] = [await cri.runPodSandbox('web'), await cri.runPodSandbox('client')];
    const { status } = await cri.podSandboxStatus(web);
    expect(pingFrom(client, '10.240.2.1')).toContain(' 0% packet loss');
    expect(pingFrom(client, status.network.ip)).toContain(' 0% packet loss');
  });

  it('sends one DEL with the namespace and one without, and nothing of the pod is left', async () => {
    configurePodNetwork(world);
    await cri.untilNetwork(true);
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

  it('calls a node with a broken configuration NotReady, and Ready again once it is mended', async () => {
    configurePodNetwork(world);
    await cri.untilNetwork(true);
    world.configureNetwork('10-podwire.conflist', '{"cniVersion": "1.0.0", "name"');
    expect(await cri.untilNetwork(false)).toMatchObject(NOT_INITIALIZED);
    configurePodNetwork(world);
    expect(await cri.untilNetwork(true)).toMatchObject({ status: true });
  });

  it('tells the kubelet in the words of the plugin that no address is left, and runs the pod when one is', async () => {
    configurePodNetwork(world, { podcidr: '10.240.2.0/30' });
    await cri.untilNetwork(true);
    const first = await cri.runPodSandbox('first');
    const links = world.listLinkNames();
    await expect(cri.runPodSandbox('second')).rejects.toMatchObject({
      details: expect.stringMatching(
        /plugin type="podwire" failed \(add\): no address is left in .*10\.240\.2\.0\/30$/,
      ),
    });
    expect(world.listLinkNames()).toEqual(links);
    expect(world.listReservations('podnet')).toEqual(['10.240.2.2']);
    expect(world.exec('ls', '/run/netns').trim().split('\n')).toHaveLength(1);
    await cri.stopPodSandbox(first);
    await cri.removePodSandbox(first);
    const { status } = await cri.podSandboxStatus(await cri.runPodSandbox('second'));
    expect(status.network.ip).toBe('10.240.2.2');
    expect(listOutcomes()).toEqual(['ADD ok', 'ADD error', 'DEL ok', 'DEL ok', 'DEL ok', 'ADD ok']);
  });

  it('killed and started anew, finds its sandboxes unchanged and has their network taken back', async () => {
    configurePodNetwork(world);
    await cri.untilNetwork(true);
    const id = await cri.runPodSandbox('web');
    const [added] = world.readJournal();
    await killContainerd(world);
    await startContainerd(world);
    expect(readPodNetwork(world, added!)).toEqual(describePrinted(added!));
    await cri.untilNetwork(true);
    await cri.stopPodSandbox(id);
    await cri.removePodSandbox(id);
    expect(listOutcomes()).toEqual(['ADD ok', 'DEL ok', 'DEL ok']);
    expect(world.listLinkNames()).toEqual(['cni0']);
    expect(world.listReservations('podnet')).toEqual([]);
  });
});
