import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { seedRandom } from '#model/testing/build-node.ts';
import type { ClusterTopology, NodeTopology } from '#model/topology/topology.ts';
import { SCOPES, startTenantServer, type ViewerName } from '../testing/start-tenant-server.ts';
import { buildEvent, buildKernel, buildPod, HIDDEN_NODE, keyOf, NODE } from '../testing/two-tenants.ts';

const VIEWERS = (Object.keys(SCOPES) as ViewerName[]).filter((name) => name !== 'everything');

test.each([1, 2, 3])(
  'what is shown and what is left out add up to the whole, now and looking back (seed %i)',
  async (seed) => {
    await using server = await startTenantServer();
    const { app, ask } = server;
    const random = seedRandom(seed);
    const read = async <T>(path: string, viewer: ViewerName): Promise<T> =>
      JSON.parse((await ask(path, viewer)).text) as T;
    for (let round = 2; round < 22; round += 1) {
      const pods = [1, 2, 3, 77, 78].filter(() => random() < 0.6);
      await app.post(round, [
        { type: 'kernel.snapshot', snapshot: buildKernel(pods, round) },
        ...pods.map(
          (pod) =>
            ({
              type: 'invocation',
              event: buildEvent('ADD', pod, { id: `${round}-${pod}`, fails: random() < 0.4 }),
            }) as const,
        ),
      ]);
      for (const pod of [1, 2, 77, 78, 79]) {
        const nodeName = [NODE, HIDDEN_NODE, undefined][Math.floor(random() * 3)];
        if (random() < 0.2) app.server.cluster.remove('pod', keyOf(pod));
        else app.server.cluster.put('pod', buildPod(pod, { nodeName, phase: random() < 0.5 ? 'Pending' : 'Running' }));
      }
      const whole = await read<ClusterTopology>('/api/v1/cluster', 'everything');
      for (const viewer of VIEWERS) addUp(whole, await read<ClusterTopology>('/api/v1/cluster', viewer));
    }
    // Times are kept in milliseconds: the next entry must not have the time that is asked for.
    await sleep(5);
    const at = new Date().toISOString();
    await sleep(5);
    for (const viewer of VIEWERS) {
      const now = await read<ClusterTopology>('/api/v1/cluster', viewer);
      const then = await read<ClusterTopology>(`/api/v1/cluster?at=${at}`, viewer);
      expect(withoutTime(then)).toEqual(withoutTime(now));
      for (const name of Object.keys(now.nodes)) {
        const node = await read<NodeTopology>(`/api/v1/nodes/${name}`, viewer);
        const tile = now.nodes[name];
        expect(Object.keys(node.pods)).toHaveLength(tile?.pods.total ?? -1);
        expect(node.node.node?.omitted?.seesNodes).toBe(SCOPES[viewer].seesNodes);
        expect((await read<NodeTopology>(`/api/v1/nodes/${name}?at=${at}`, viewer)).links).toEqual(node.links);
      }
    }
  },
);

function addUp({ cluster: { cluster: whole }, nodes: all }: ClusterTopology, part: ClusterTopology): void {
  const { cluster } = part.cluster;
  const tiles = Object.values(part.nodes);
  const placed = tiles.reduce((sum, { pods }) => sum + pods.total, 0);
  expect(cluster.podCount).toBe(placed + cluster.unscheduledPods);
  expect(cluster.podCount + (cluster.omitted?.pods ?? 0)).toBe(whole.podCount);
  expect(cluster.nodeCount + (cluster.omitted?.nodes ?? 0)).toBe(whole.nodeCount);
  expect(tiles).toHaveLength(cluster.nodeCount);
  for (const { name, pods, invocations } of tiles) {
    const { pods: wholePods, invocations: wholeInvocations } = all[name] ?? { pods: undefined, invocations: undefined };
    for (const key of ['total', 'running', 'wired', 'failing'] as const) {
      expect(pods[key]).toBeLessThanOrEqual(wholePods?.[key] ?? -1);
    }
    expect(invocations.adds).toBeLessThanOrEqual(wholeInvocations?.adds ?? -1);
  }
}

/** An agent gets older while it is asked about. */
const withoutTime = (topology: ClusterTopology): unknown =>
  JSON.parse(JSON.stringify(topology, (key, value: unknown) => (key === 'agent' ? undefined : value)));

test('pods of each tenant are counted from what happened to them alone', async () => {
  await using server = await startTenantServer();
  const read = async (viewer: ViewerName) =>
    (JSON.parse((await server.ask('/api/v1/cluster', viewer)).text) as ClusterTopology).nodes[NODE];
  expect((await read('everything'))?.invocations).toMatchObject({ adds: 3, failed: 1 });
  expect((await read('tenant'))?.invocations).toMatchObject({ adds: 2, failed: 1 });
  expect((await read('operator'))?.invocations).toMatchObject({ adds: 0, failed: 0 });
  expect((await read('tenant'))?.pods).toEqual({ total: 2, running: 2, wired: 2, failing: 1 });
  expect(await read('stranger')).toBeUndefined();
});
