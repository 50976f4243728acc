import { importImages } from '../node/containerd.ts';
import { findPrograms } from '../provide-programs.ts';
import { type Cluster, startCluster } from '../start-cluster.ts';
import { waitFor } from '../wait-for.ts';
import { CollectorClient } from './collector-client.ts';
import { Desk } from './desk.ts';
import { createPerson } from './people.ts';
import { NAMESPACE, Release } from './release.ts';

/** A cluster on which the chart can be installed: each node has the image. */
export type DeployableCluster = Cluster & { readonly desk: Desk; readonly release: Release };

export async function startDeployableCluster(): Promise<DeployableCluster> {
  await using parts = new AsyncDisposableStack();
  const programs = findPrograms();
  const cluster = parts.use(await startCluster(programs));
  await Promise.all(cluster.nodes.map((node) => importImages(node, [programs.image])));
  const desk = await Desk.open(cluster);
  const kept = parts.move();
  return { ...cluster, desk, release: new Release(cluster), [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** Asks the collector in the cluster by its Service, as somebody who may do everything there. It waits until that answers. */
export async function reachCollector(cluster: DeployableCluster): Promise<CollectorClient> {
  const { api, desk, release } = cluster;
  const { spec } = await api.call<{ spec: { clusterIP: string; ports: { port: number }[] } }>(
    'GET',
    `/api/v1/namespaces/${NAMESPACE}/services/podwire`,
  );
  const token = await createPerson(cluster, 'admin', { clusterRole: 'cluster-admin' });
  const client = new CollectorClient(desk.relayTo(spec.clusterIP, spec.ports[0]?.port ?? 0), token);
  const explain = () => release.kubectl('get', 'pods', '-o', 'wide');
  await waitFor({ what: 'the collector', explain }, async () => {
    await client.get('/api/v1/nodes');
    return true;
  });
  return client;
}
