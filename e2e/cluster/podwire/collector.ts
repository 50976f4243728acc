import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { callUnix } from '../call-unix.ts';
import { renderKubeconfig } from '../control-plane/credentials.ts';
import type { Cluster } from '../start-cluster.ts';
import { waitFor } from '../wait-for.ts';
import { connectToLan } from '../world/build-lan.ts';
import { Daemon } from '../world/daemon.ts';
import { startNamespaces } from '../world/start-namespaces.ts';

const REPOSITORY = resolve(import.meta.dirname, '../../..');
const COLLECTOR_ADDRESS = '192.168.31.170';
const NAMESPACE = 'podwire';
const TOKEN_SECONDS = 3600;

/** All that the collector needs of a cluster: to follow a few kinds of objects. */
const ROLE = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRole',
  metadata: { name: 'podwire-collector' },
  rules: [
    { apiGroups: [''], resources: ['nodes', 'pods', 'services'], verbs: ['list', 'watch'] },
    { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list', 'watch'] },
  ],
};

const BINDING = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRoleBinding',
  metadata: { name: 'podwire-collector' },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'podwire-collector' },
  subjects: [{ kind: 'ServiceAccount', namespace: NAMESPACE, name: 'collector' }],
};

/** A collector on a machine of its own on the LAN, which knows the cluster as a ServiceAccount with the rights of its role. */
export class Collector {
  readonly daemon: Daemon;
  readonly #socket: string;

  private constructor(daemon: Daemon, socket: string) {
    this.daemon = daemon;
    this.#socket = socket;
  }

  /** Starts it and waits until it has read the cluster. */
  static async start(cluster: Cluster): Promise<Collector> {
    const { world, logs } = cluster;
    const machine = await startNamespaces(world, 'collector', 'mount -t proc proc /proc');
    await connectToLan(world, machine, COLLECTOR_ADDRESS);
    const folder = join(world.directory, 'collector');
    const kubeconfig = join(folder, 'kubeconfig');
    await mkdir(folder, { recursive: true });
    await writeFile(kubeconfig, await makeKubeconfig(cluster), { mode: 0o600 });
    const daemon = new Daemon({
      name: 'collector',
      command: [process.execPath, join(REPOSITORY, 'server/main.ts')],
      enter: machine.enter,
      env: {
        KUBECONFIG: kubeconfig,
        PODWIRE_DATA: folder,
        PODWIRE_LISTEN: '127.0.0.1:7639',
        PODWIRE_WEB: 'off',
        NODE_ENV: 'production',
      },
      logPath: join(logs, 'collector.log'),
    });
    const collector = new Collector(daemon, join(cluster.collectorDirectory, 'collector.sock'));
    await collector.restart();
    return collector;
  }

  /** Starts it again after it was stopped, on the same data. */
  async restart(): Promise<void> {
    this.daemon.start();
    await waitFor({ what: 'the collector', explain: () => this.daemon.readLog() }, async () => {
      if (!this.daemon.isRunning) return false;
      return (await callUnix({ socket: this.#socket, path: '/readyz' })).status === 200;
    });
  }

  /** The body of a GET. @throws for any status but 200 */
  async get(path: string): Promise<unknown> {
    const { status, text } = await callUnix({ socket: this.#socket, path });
    if (status !== 200) throw new Error(`GET ${path}: ${status} ${text}`);
    return JSON.parse(text);
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
