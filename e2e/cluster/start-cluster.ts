import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NODE_PLANS } from '#lab/lab-plan.ts';
import { type ControlPlane, startControlPlane } from './control-plane/control-plane.ts';
import { Credentials } from './control-plane/credentials.ts';
import { KubernetesApi } from './kubernetes-api.ts';
import { type BenchNode, bootNode } from './node/boot-node.ts';
import { importImages, startContainerd } from './node/containerd.ts';
import { startKubelet, startProxy } from './node/kubelet.ts';
import { packImages } from './pack-images.ts';
import type { Programs } from './programs.ts';
import { waitFor } from './wait-for.ts';
import { buildLan } from './world/build-lan.ts';
import type { Daemon } from './world/daemon.ts';
import { openWorld, type World } from './world/open-world.ts';

export type ClusterNode = BenchNode & {
  readonly containerd: Daemon;
  readonly kubelet: Daemon;
  readonly proxy: Daemon;
};

/** A two-node Kubernetes without a network plugin: both nodes are registered, neither is Ready. */
export type Cluster = AsyncDisposable & {
  readonly world: World;
  readonly programs: Programs;
  readonly controlPlane: ControlPlane;
  readonly credentials: Credentials;
  /** In the order of NODE_PLANS; the first is the control plane. */
  readonly nodes: readonly [ClusterNode, ClusterNode];
  readonly api: KubernetesApi;
  /** Folder with a log of every program. */
  readonly logs: string;
  /** A folder outside in which the collector's socket will be; every node sees it. */
  readonly collectorDirectory: string;
};

/** Brings the cluster up, in about ten seconds. What was started is gone when it fails. */
export async function startCluster(programs: Programs): Promise<Cluster> {
  await using parts = new AsyncDisposableStack();
  const world = parts.use(await openWorld());
  const logs = join(world.directory, 'logs');
  const collectorDirectory = join(world.directory, 'collector', 'run');
  const archives = await keepArchives(world, packImages(programs.busybox));
  await buildLan(world, programs.busybox);
  const booted: BenchNode[] = [];
  // One after the other: interface indexes are the same in every bench.
  for (const plan of NODE_PLANS) booted.push(await bootNode({ world, plan, programs, collectorDirectory }));
  const [first] = booted;
  if (first === undefined) throw new Error('a cluster without nodes');
  const credentials = new Credentials(first);
  const containers = Promise.all(booted.map((node) => startNodeRuntime(node, { logs, archives })));
  const controlPlane = await startControlPlane({ node: first, credentials, logs });
  const api = parts.use(await KubernetesApi.open({ node: first, credentials, logs }));
  const nodes = await Promise.all(
    (await containers).map(async ({ node, containerd }) => {
      const wish = { node, credentials, logs };
      const [kubelet, proxy] = await Promise.all([startKubelet(wish), startProxy(wish)]);
      return { ...node, containerd, kubelet, proxy };
    }),
  );
  await waitFor({ what: 'both nodes with a range of addresses' }, async () => {
    const found = await api.listNodes();
    return found.length === nodes.length && found.every(({ spec, status }) => spec.podCIDR && status.conditions);
  });
  const kept = parts.move();
  return {
    world,
    programs,
    controlPlane,
    credentials,
    nodes: nodes as unknown as Cluster['nodes'],
    api,
    logs,
    collectorDirectory,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function startNodeRuntime(
  node: BenchNode,
  { logs, archives }: { readonly logs: string; readonly archives: readonly string[] },
): Promise<{ readonly node: BenchNode; readonly containerd: Daemon }> {
  const containerd = await startContainerd(node, logs);
  await importImages(node, archives);
  return { node, containerd };
}

/** @returns their paths */
async function keepArchives({ directory }: World, archives: readonly Buffer[]): Promise<readonly string[]> {
  const folder = join(directory, 'images');
  await mkdir(folder);
  return Promise.all(
    archives.map(async (archive, index) => {
      const path = join(folder, `image-${index}.tar`);
      await writeFile(path, archive);
      return path;
    }),
  );
}
