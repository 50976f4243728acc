import { BUSYBOX_IMAGE } from '#e2e/cluster/pack-images.ts';
import type { Cluster } from '#e2e/cluster/start-cluster.ts';
import { waitFor } from '#e2e/cluster/wait-for.ts';
import { configureContender, isAddressOf } from './pod-contender.ts';
import { POD_CONTENDERS, type PodContender, type PodMeasurement, type PodTimes } from './pod-measurement.ts';
import { PodWatch } from './pod-watch.ts';

export type PodBenchSize = Pick<PodMeasurement, 'rounds' | 'podsPerRound' | 'crowd'>;

type Bench = { readonly cluster: Cluster; readonly watch: PodWatch; readonly size: PodBenchSize };

const emptyTimes = (): PodTimes => ({ runningMs: [], sandboxMs: [], crowdUpMs: [], crowdDownMs: [] });

/**
 * Lets both contenders wire pods on one cluster, in rounds that take turns. Podwire has to be installed in bridge mode, and the
 * reference plugins have to lie beside it.
 */
export async function measurePods(
  cluster: Cluster,
  size: PodBenchSize,
  say: (line: string) => void,
): Promise<PodMeasurement> {
  using watch = new PodWatch(cluster.api);
  const bench = { cluster, watch, size };
  const times = { podwire: emptyTimes(), reference: emptyTimes() };
  for (let round = 1; round <= size.rounds; round += 1) {
    // Who begins changes, so that nobody is always the one after the other's clearing up.
    for (const contender of round % 2 === 0 ? POD_CONTENDERS : POD_CONTENDERS.toReversed()) {
      await switchTo(bench, contender);
      await measureSingles(bench, times[contender]);
      await measureCrowd(bench, times[contender]);
      say(`round ${round} of ${size.rounds}: ${contender}`);
    }
  }
  return { ...size, times };
}

/** Makes the contender's network the one in use, and waits until pods get their addresses from it. */
async function switchTo(bench: Bench, contender: PodContender): Promise<void> {
  const { api, nodes } = bench.cluster;
  await configureContender(bench.cluster, contender);
  for (const node of nodes) {
    await waitFor({ what: `${contender} on ${node.name}` }, async () => {
      const names = await createPods(bench, node.name, 1);
      await bench.watch.until('running', names);
      const pod = (await api.listPods()).find(({ metadata }) => metadata.name === names[0]);
      await deletePods(bench, names);
      return isAddressOf(contender, pod?.status.podIP);
    });
  }
}

async function measureSingles(bench: Bench, into: PodTimes): Promise<void> {
  const { cluster, watch, size } = bench;
  const node = cluster.nodes[1].name;
  const before = await readSandboxes(cluster, node);
  for (let pod = 0; pod < size.podsPerRound; pod += 1) {
    const startedMs = performance.now();
    const names = await createPods(bench, node, 1);
    into.runningMs.push((await watch.until('running', names)) - startedMs);
    await deletePods(bench, names);
  }
  const after = await readSandboxes(cluster, node);
  into.sandboxMs.push((1000 * (after.sumSeconds - before.sumSeconds)) / (after.count - before.count));
}

async function measureCrowd(bench: Bench, into: PodTimes): Promise<void> {
  const { cluster, watch, size } = bench;
  if (size.crowd === 0) return;
  const startedMs = performance.now();
  const halves = cluster.nodes.map(({ name }) => createPods(bench, name, size.crowd / cluster.nodes.length));
  const names = (await Promise.all(halves)).flat();
  into.crowdUpMs.push((await watch.until('running', names)) - startedMs);
  const deletedMs = performance.now();
  into.crowdDownMs.push((await deletePods(bench, names)) - deletedMs);
}

/** @returns their names, which no pod of this bench had before */
async function createPods({ cluster, watch }: Bench, nodeName: string, count: number): Promise<readonly string[]> {
  const names = Array.from({ length: count }, () => watch.nameNext());
  const containers = [{ name: 'main', image: BUSYBOX_IMAGE }];
  await Promise.all(names.map((name) => cluster.api.createPod({ metadata: { name }, spec: { nodeName, containers } })));
  return names;
}

/** @returns when the last was gone, performance.now() */
async function deletePods({ cluster, watch }: Bench, names: readonly string[]): Promise<number> {
  await Promise.all(names.map((name) => cluster.api.deletePod(name)));
  return watch.until('gone', names);
}

/** The kubelet's histogram of the duration of RunPodSandbox, as count and sum. */
async function readSandboxes({ api }: Cluster, node: string) {
  const text = await api.read(`/api/v1/nodes/${node}/proxy/metrics`);
  const read = (part: string): number => {
    const line = text.split('\n').find((each) => each.startsWith(`kubelet_run_podsandbox_duration_seconds_${part}`));
    return Number(line?.split(' ').at(-1) ?? Number.NaN);
  };
  return { count: read('count'), sumSeconds: read('sum') };
}
