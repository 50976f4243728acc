import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { renderKubeconfig } from '../control-plane/credentials.ts';
import type { Cluster } from '../start-cluster.ts';
import { waitFor } from '../wait-for.ts';
import type { Daemon } from '../world/daemon.ts';
import { CollectorClient } from './collector-client.ts';
import type { Desk } from './desk.ts';

const REPOSITORY = resolve(import.meta.dirname, '../../..');
const NAMESPACE = 'outside';
const TOKEN_SECONDS = 3600;

/** All that the collector needs of a cluster: to follow a few kinds of objects. */
const ROLE = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRole',
  metadata: { name: 'outside-collector' },
  rules: [
    { apiGroups: [''], resources: ['nodes', 'pods', 'services'], verbs: ['list', 'watch'] },
    { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list', 'watch'] },
  ],
};

const BINDING = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRoleBinding',
  metadata: { name: 'outside-collector' },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'outside-collector' },
  subjects: [{ kind: 'ServiceAccount', namespace: NAMESPACE, name: 'collector' }],
};

/** A collector as a person starts it at a desk, from this checkout: it knows the cluster by a kubeconfig, and listens on loopback. */
export class Collector extends CollectorClient {
  readonly daemon: Daemon;

  private constructor(daemon: Daemon, socket: string) {
    super(socket);
    this.daemon = daemon;
  }

  /** Starts it and waits until it has read the cluster. */
  static async start(cluster: Cluster, desk: Desk): Promise<Collector> {
    const folder = join(cluster.world.directory, 'collector');
    await mkdir(folder, { recursive: true });
    const env = {
      KUBECONFIG: await desk.keepKubeconfig('collector', await makeKubeconfig(cluster)),
      PODWIRE_DATA: folder,
      PODWIRE_LISTEN: '127.0.0.1:7639',
      PODWIRE_WEB: 'off',
      NODE_ENV: 'production',
    };
    const daemon = desk.prepare('collector', [process.execPath, join(REPOSITORY, 'server/main.ts')], env);
    const collector = new Collector(daemon, join(cluster.collectorDirectory, 'collector.sock'));
    await collector.restart();
    return collector;
  }

  /** Starts it again after it was stopped, on the same data. */
  async restart(): Promise<void> {
    this.daemon.start();
    await waitFor({ what: 'the collector', explain: () => this.daemon.readLog() }, async () => {
      if (!this.daemon.isRunning) return false;
      return (await this.call({ path: '/readyz' })).status === 200;
    });
  }
}

async function makeKubeconfig({ api, credentials }: Cluster): Promise<string> {
  const accounts = `/api/v1/namespaces/${NAMESPACE}/serviceaccounts`;
  const roles = '/apis/rbac.authorization.k8s.io/v1';
  await api.call('POST', '/api/v1/namespaces', { metadata: { name: NAMESPACE } });
  await api.call('POST', accounts, { metadata: { name: 'collector' } });
  await api.call('POST', `${roles}/clusterroles`, ROLE);
  await api.call('POST', `${roles}/clusterrolebindings`, BINDING);
  const request = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { expirationSeconds: TOKEN_SECONDS },
  };
  const { status } = await api.call<{ status: { token: string } }>('POST', `${accounts}/collector/token`, request);
  return renderKubeconfig(await credentials.readAuthority(), status.token);
}
