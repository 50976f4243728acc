import { CLUSTER_CIDR } from '#lab/lab-plan.ts';
import { runOrThrow } from '#lab/run-command.ts';
import { NODE_PATHS } from '../node/boot-node.ts';
import type { Cluster } from '../start-cluster.ts';

export const NAMESPACE = 'podwire';
const CHART = `${NODE_PATHS.deploy}/chart/podwire`;
const HELM_TIMEOUT_MS = 5 * 60_000;
/** A claim that the bench makes: what the collector recorded outlives its pod. */
const CLAIM = 'podwire-data';
const DATA_FOLDER = '/var/lib/podwire-data';

/** Podwire on a cluster as its users install it: by the chart, with helm, from the control plane. */
export class Release {
  readonly #cluster: Cluster;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** @param settings as of `helm --set`. @returns when every pod is ready */
  async install(...settings: readonly string[]): Promise<void> {
    await this.#makeNamespace();
    await this.#makeClaim();
    await this.#helm('install', 'podwire', CHART, ...this.#describe(settings));
    await this.waitForRollout();
  }

  /** Answers when the API server has taken it: pods are replaced from then on. */
  async upgrade(...settings: readonly string[]): Promise<void> {
    await this.#helm('upgrade', 'podwire', CHART, ...this.#describe(settings));
  }

  /** Answers when helm does: every node is clean. */
  async uninstall(): Promise<void> {
    await this.#helm('uninstall', 'podwire', '--timeout', '4m');
  }

  async waitForRollout(): Promise<void> {
    for (const name of ['daemonset/podwire-agent', 'deployment/podwire']) {
      await this.kubectl('rollout', 'status', name, '--timeout=180s');
    }
  }

  kubectl(...words: readonly string[]): Promise<string> {
    return runOrThrow([...this.#cluster.api.kubectlWords, '--namespace', NAMESPACE, ...words], {
      timeoutMs: HELM_TIMEOUT_MS,
    });
  }

  #describe(settings: readonly string[]): readonly string[] {
    const always = [
      `cni.clusterCIDRs={${CLUSTER_CIDR}}`,
      'collector.persistence.enabled=true',
      `collector.persistence.existingClaim=${CLAIM}`,
    ];
    return [...always, ...settings].flatMap((setting) => ['--set', setting]);
  }

  #helm(...words: readonly string[]): Promise<string> {
    const [controlPlane] = this.#cluster.nodes;
    const { kubeconfig } = this.#cluster.api;
    const env = ['env', `KUBECONFIG=${kubeconfig}`, 'HOME=/root'];
    return runOrThrow([...controlPlane.enter, ...env, NODE_PATHS.helm, ...words, '--namespace', NAMESPACE], {
      timeoutMs: HELM_TIMEOUT_MS,
    });
  }

  /** With the label that Pod Security asks for (docs/deployment.md). */
  async #makeNamespace(): Promise<void> {
    await this.#cluster.api.ensure('/api/v1/namespaces', {
      metadata: { name: NAMESPACE, labels: { 'pod-security.kubernetes.io/enforce': 'privileged' } },
    });
  }

  /** A folder of the control plane: the collector runs there, and its next pod too. */
  async #makeClaim(): Promise<void> {
    const [controlPlane] = this.#cluster.nodes;
    await runOrThrow([...controlPlane.enter, 'mkdir', '-p', DATA_FOLDER]);
    const size = '1Gi';
    const common = { accessModes: ['ReadWriteOnce'], storageClassName: '' };
    const onControlPlane = { key: 'kubernetes.io/hostname', operator: 'In', values: [controlPlane.name] };
    await this.#cluster.api.ensure('/api/v1/persistentvolumes', {
      metadata: { name: CLAIM },
      spec: {
        ...common,
        capacity: { storage: size },
        local: { path: DATA_FOLDER },
        nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [onControlPlane] }] } },
      },
    });
    await this.#cluster.api.ensure(`/api/v1/namespaces/${NAMESPACE}/persistentvolumeclaims`, {
      metadata: { name: CLAIM },
      spec: { ...common, resources: { requests: { storage: size } }, volumeName: CLAIM },
    });
  }
}
