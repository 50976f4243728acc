import { join } from 'node:path';
import type { V1Node, V1Pod } from '@kubernetes/client-node';
import { type CommandOutcome, runCommand, runOrThrow } from '#lab/run-command.ts';
import { callUnix } from './call-unix.ts';
import type { Credentials } from './control-plane/credentials.ts';
import { type BenchNode, NODE_PATHS } from './node/boot-node.ts';
import { waitFor } from './wait-for.ts';
import { Daemon } from './world/daemon.ts';

const SOCKET = '/run/kubernetes-api.sock';

const listKubectlWords = (kubeconfig: string): readonly string[] => [
  `${NODE_PATHS.kubernetes}/kubectl`,
  `--kubeconfig=${kubeconfig}`,
];

type Wish = { readonly node: BenchNode; readonly credentials: Credentials; readonly logs: string };

/**
 * The cluster's own API, for the administrator: through `kubectl proxy` on a socket that is seen from outside, and through kubectl
 * itself on the control plane.
 */
export class KubernetesApi implements AsyncDisposable {
  readonly #node: BenchNode;
  readonly #kubectl: readonly string[];
  /** The administrator's, as a path on the control plane. */
  readonly kubeconfig: string;
  readonly #proxy: Daemon;

  private constructor(node: BenchNode, kubeconfig: string, proxy: Daemon) {
    this.#node = node;
    this.kubeconfig = kubeconfig;
    this.#kubectl = listKubectlWords(kubeconfig);
    this.#proxy = proxy;
  }

  /** Waits until the API server is ready. */
  static async open({ node, credentials, logs }: Wish): Promise<KubernetesApi> {
    const kubeconfig = await credentials.writeKubeconfig(node, 'admin');
    const proxy = new Daemon({
      name: 'kubectl proxy',
      command: [...listKubectlWords(kubeconfig), 'proxy', `--unix-socket=${SOCKET}`],
      enter: node.enter,
      logPath: join(logs, 'kubectl-proxy.log'),
    }).start();
    const api = new KubernetesApi(node, kubeconfig, proxy);
    await waitFor({ what: 'the API server', explain: () => proxy.readLog() }, async () => {
      const { status } = await api.#call('GET', '/readyz');
      return status === 200;
    });
    return api;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#proxy.stop('SIGKILL');
  }

  /** Answers the object of the body. @throws with the API server's words where it refuses */
  async call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const { status, text } = await this.#call(method, path, body);
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${text}`);
    return JSON.parse(text) as T;
  }

  /** Creates an object; one that is there already is what was wanted. */
  async ensure(path: string, body: object): Promise<void> {
    const { status, text } = await this.#call('POST', path, body);
    if (status >= 300 && status !== 409) throw new Error(`POST ${path}: ${status} ${text}`);
  }

  /** The text of a GET. @throws with the API server's words where it refuses */
  async read(path: string): Promise<string> {
    const { status, text } = await this.#call('GET', path);
    if (status >= 300) throw new Error(`GET ${path}: ${status} ${text}`);
    return text;
  }

  #call(method: string, path: string, body?: unknown) {
    return callUnix({ socket: join(this.#node.root, SOCKET), method, path, body });
  }

  /** What stands in front of the words of kubectl, inside the control plane. */
  get kubectlWords(): readonly string[] {
    return [...this.#node.enter, ...this.#kubectl];
  }

  /** Runs kubectl on the control plane. @throws where it fails */
  kubectl(...words: readonly string[]): Promise<string> {
    return runOrThrow([...this.kubectlWords, ...words]);
  }

  /** One command in a container of a pod, as `kubectl exec` does it. */
  exec(pod: string, ...command: readonly string[]): Promise<CommandOutcome> {
    return runCommand([...this.kubectlWords, 'exec', pod, '--', ...command]);
  }

  async listNodes(): Promise<readonly ApiNode[]> {
    return (await this.call<{ items: readonly ApiNode[] }>('GET', '/api/v1/nodes')).items;
  }

  async listPods(namespace = 'default'): Promise<readonly ApiPod[]> {
    return (await this.call<{ items: readonly ApiPod[] }>('GET', `/api/v1/namespaces/${namespace}/pods`)).items;
  }

  async createPod(pod: PodManifest): Promise<void> {
    await this.call('POST', `/api/v1/namespaces/${pod.metadata.namespace ?? 'default'}/pods`, pod);
  }

  async deletePod(name: string, namespace = 'default'): Promise<void> {
    await this.call('DELETE', `/api/v1/namespaces/${namespace}/pods/${name}`);
  }
}

/** What an answer has for certain: objects that the API server stored. */
type Stored<T> = T & {
  readonly metadata: { readonly name: string; readonly uid: string };
  readonly spec: object;
  readonly status: object;
};
export type ApiNode = Stored<V1Node> & Required<Pick<V1Node, 'metadata' | 'spec' | 'status'>>;
export type ApiPod = Stored<V1Pod> & Required<Pick<V1Pod, 'metadata' | 'spec' | 'status'>>;

export type PodManifest = {
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec: object;
};
