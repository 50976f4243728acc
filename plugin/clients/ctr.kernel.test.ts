import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ClientWorld, findClientObstacle } from './client-world.ts';
import { CONTAINERD_NEEDS, CRI_NAMESPACE, PAUSE_IMAGE, startContainerd } from './containerd-daemon.ts';
import { configurePodNetwork, describePrinted, readPodNetwork } from './pod-network.ts';

const obstacle = findClientObstacle(CONTAINERD_NEEDS);
if (obstacle !== undefined) console.warn(`skipped: ctr run --cni (${obstacle})`);

/** Without a cgroup of its own and without what is set in one: the world has none to write. */
const runWords = (id: string, ...command: readonly string[]) => [
  ...['ctr', '--namespace', CRI_NAMESPACE, 'run', '--rm', '--cni', '--cgroup', '', '--cpu-shares', '0'],
  ...[PAUSE_IMAGE, id, '/bin/busybox', ...command],
];

describe.skipIf(obstacle !== undefined)('ctr run --cni', () => {
  let world: ClientWorld;

  beforeEach(async () => {
    world = await ClientWorld.open();
    await startContainerd(world);
    configurePodNetwork(world);
  });
  afterEach(() => world?.[Symbol.dispose]());

  /** Starts a container that lives until its stdin ends, and waits until it runs. */
  const startContainer = async (id: string) => {
    const container = world.spawn(runWords(id, 'sh', '-c', 'echo running; cat'));
    await once(container.stdout, 'data');
    return {
      end: async () => {
        container.stdin.end();
        expect(await once(container, 'close')).toEqual([0, null]);
      },
    };
  };

  it('gives a container exactly the network that the plugin printed', async () => {
    const container = await startContainer('web');
    const [added] = world.readJournal();
    expect(added?.data.env).toMatchObject({ containerId: `${CRI_NAMESPACE}-web`, ifName: 'eth0' });
    expect(readPodNetwork(world, added!)).toEqual(describePrinted(added!));
    await container.end();
  });

  it('runs containers that reach the gateway and each other', async () => {
    const web = await startContainer('web');
    for (const target of ['10.240.2.1', '10.240.2.2']) {
      const answer = world.exec(...(runWords('client', 'ping', '-c', '1', '-W', '30', target) as [string]));
      expect(answer).toContain(' 0% packet loss');
    }
    await web.end();
  });

  it('sends one DEL, without the namespace, and nothing of the container is left', async () => {
    await (await startContainer('first')).end();
    const rules = world.listRules();
    await (await startContainer('second')).end();
    const calls = world.readJournal().map(({ data }) => [data.verb, data.outcome, data.env.netns !== undefined]);
    const [added, deleted] = [
      ['ADD', 'ok', true],
      ['DEL', 'ok', false],
    ];
    expect(calls).toEqual([added, deleted, added, deleted]);
    expect(world.listLinkNames()).toEqual(['cni0']);
    expect(world.listReservations('podnet')).toEqual([]);
    expect(world.listRules()).toEqual(rules);
  });

  it('fails in the words of the plugin when no address is left', async () => {
    configurePodNetwork(world, { podcidr: '10.240.2.0/30' });
    const web = await startContainer('web');
    const { exitCode, stderr } = world.try(runWords('client', 'true'));
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/plugin type="podwire" failed \(add\): no address is left in .*10\.240\.2\.0\/30/);
    await web.end();
    expect(world.listLinkNames()).toEqual(['cni0']);
    expect(world.listReservations('podnet')).toEqual([]);
  });
});
