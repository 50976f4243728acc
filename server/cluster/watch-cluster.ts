import { CoreV1Api, type KubeConfig, type KubernetesObject, ListWatch, Watch } from '@kubernetes/client-node';
import type { Logger } from 'pino';
import { type ClusterSink, clusterKey } from './cluster-sink.ts';
import { reduceNode } from './reduce-node.ts';
import { reducePod } from './reduce-pod.ts';

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 15_000;

type Followed<T extends KubernetesObject> = {
  readonly path: string;
  readonly list: () => Promise<{ items: T[]; metadata?: { resourceVersion?: string } }>;
  readonly put: (object: T) => void;
  readonly remove: (object: T) => void;
};

/** Follows nodes and pods: list, then watch; lists again when the watch is too old (410), retries with growing pauses. */
export class ClusterWatch implements AsyncDisposable {
  readonly #sink: ClusterSink;
  readonly #log: Logger;
  readonly #stops: (() => Promise<void>)[] = [];
  readonly #broken = new Map<string, string>();
  readonly #synced = new Set<string>();
  readonly #server: string;
  #isClosed = false;

  constructor(config: KubeConfig, sink: ClusterSink, log: Logger) {
    this.#sink = sink;
    this.#log = log;
    this.#server = config.getCurrentCluster()?.server ?? 'the API server';
    const api = config.makeApiClient(CoreV1Api);
    this.#follow(config, {
      path: '/api/v1/nodes',
      list: () => api.listNode(),
      put: (node) => withValue(reduceNode(node), (facts) => sink.put('node', facts)),
      remove: (node) => withValue(node.metadata?.name, (name) => sink.remove('node', name)),
    });
    this.#follow(config, {
      path: '/api/v1/pods',
      list: () => api.listPodForAllNamespaces(),
      put: (pod) => withValue(reducePod(pod), (facts) => sink.put('pod', facts)),
      remove: (pod) => withValue(reducePod(pod), (facts) => sink.remove('pod', clusterKey(facts))),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#stops.map((stop) => stop()));
  }

  #follow<T extends KubernetesObject>(config: KubeConfig, followed: Followed<T>): void {
    const { path, list, put, remove } = followed;
    const informer = new ListWatch<T>(path, new Watch(config), list, false);
    let retryMs = FIRST_RETRY_MS;
    let timer: NodeJS.Timeout | undefined;
    let hasFailed = false;
    const retry = (error: unknown) => {
      hasFailed = true;
      if (this.#isClosed) return;
      this.#report(path, describeError(error));
      clearTimeout(timer);
      timer = setTimeout(() => void start(), retryMs);
      retryMs = Math.min(LAST_RETRY_MS, retryMs * 2);
    };
    // Comes back when the watch stands, or after an error that the informer told or threw: to us the two are the same.
    const start = async () => {
      hasFailed = false;
      await informer.start().catch(retry);
      if (hasFailed) return;
      retryMs = FIRST_RETRY_MS;
      this.#report(path, undefined);
    };
    informer.on('error', retry);
    // One object that cannot be read must not end the watch of all the others.
    const guard = (use: (object: T) => void, isLast: boolean) => (object: T) => {
      const name = [path, object.metadata?.namespace, object.metadata?.name].filter(Boolean).join(' ');
      try {
        use(object);
        this.#tell(name, undefined);
      } catch (error) {
        this.#tell(name, isLast ? undefined : `left out: ${describeError(error)}`);
      }
    };
    informer.on('add', guard(put, false));
    informer.on('update', guard(put, false));
    informer.on('delete', guard(remove, true));
    this.#stops.push(() => {
      clearTimeout(timer);
      return informer.stop();
    });
    void start();
  }

  #report(path: string, problem: string | undefined): void {
    if (this.#isClosed) return;
    if (problem === undefined) {
      this.#synced.add(path);
      if (this.#synced.size === 2) this.#sink.setSynced();
    }
    this.#tell(path, problem);
  }

  /** Keeps what is wrong with a path, or with one object of it; the view shows the oldest. */
  #tell(subject: string, problem: string | undefined): void {
    if (problem === undefined && !this.#broken.delete(subject)) return;
    if (problem !== undefined) {
      if (!this.#broken.has(subject)) this.#log.warn({ path: subject, problem }, 'the watch is not whole');
      this.#broken.set(subject, problem);
    }
    const [first] = this.#broken;
    this.#sink.setProblem(first && `${this.#server}${first[0]}: ${first[1]}`);
  }
}

function withValue<T>(value: T | undefined, use: (value: T) => void): void {
  if (value !== undefined) use(value);
}

/** One line for a person; fetch hides the reason below `cause`. */
function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? error.cause.message : undefined;
  const code = (error as { code?: unknown; statusCode?: unknown }).statusCode ?? (error as { code?: unknown }).code;
  const first = error.message.split('\n')[0] ?? error.message;
  return [typeof code === 'number' ? `HTTP ${code}` : undefined, first, cause].filter(Boolean).join(': ');
}
