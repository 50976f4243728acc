import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { ApiPod, KubernetesApi } from '#e2e/cluster/kubernetes-api.ts';

type WatchEvent = { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'; readonly object: ApiPod };
type Moment = 'running' | 'gone';

/** A crowd on a busy machine takes its time. */
const WAIT_MS = 300_000;

/** Follows the pods of the namespace `default`: when the API server tells that each runs, and that it is gone. */
export class PodWatch implements Disposable {
  readonly #api: KubernetesApi;
  #child: ChildProcess;
  /** Of the newest object that was told. */
  #resourceVersion = '';
  #isClosed = false;
  readonly #listeners = new Set<() => void>();
  /** performance.now(), by the pod's name. */
  readonly #times: Readonly<Record<Moment, Map<string, number>>> = { running: new Map(), gone: new Map() };
  #named = 0;

  constructor(api: KubernetesApi) {
    this.#api = api;
    this.#child = this.#open();
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    this.#child.kill('SIGKILL');
  }

  /** The API server ends the watch of a client that is slow for a moment, as on a busy machine: it goes on where it ended. */
  #open(): ChildProcess {
    const [program = '', ...words] = this.#api.kubectlWords;
    const query = new URLSearchParams({ watch: 'true', resourceVersion: this.#resourceVersion });
    const child = spawn(program, [...words, 'get', '--raw', `/api/v1/namespaces/default/pods?${query}`], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    createInterface(child.stdout).on('line', (line) => this.#take(JSON.parse(line) as WatchEvent));
    child.on('close', () => {
      if (!this.#isClosed) this.#child = this.#open();
    });
    return child;
  }

  /** A name that no pod had yet: a pod is told apart by it. */
  nameNext(): string {
    this.#named += 1;
    return `pod-${this.#named}`;
  }

  /** Waits for the moment of each of the pods. @returns the time of the last, performance.now() @throws after WAIT_MS */
  async until(moment: Moment, names: readonly string[]): Promise<number> {
    const times = this.#times[moment];
    const missing = () => names.filter((name) => !times.has(name));
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => reject(new Error(`never ${moment}: ${missing().join(', ')}`)), WAIT_MS);
    const check = () => missing().length === 0 && resolve();
    this.#listeners.add(check);
    check();
    await promise.finally(() => {
      clearTimeout(timer);
      this.#listeners.delete(check);
    });
    return Math.max(...names.map((name) => times.get(name) ?? Number.NaN));
  }

  #take({ type, object }: WatchEvent): void {
    if (type === 'ERROR') throw new Error(`the watch of pods failed: ${JSON.stringify(object)}`);
    const { name, resourceVersion = '' } = object.metadata;
    this.#resourceVersion = resourceVersion;
    const { running, gone } = this.#times;
    const nowMs = performance.now();
    if (type === 'DELETED') gone.set(name, nowMs);
    else if (object.status.phase === 'Running' && !running.has(name)) running.set(name, nowMs);
    for (const listener of this.#listeners) listener();
  }
}
