import { watch } from 'node:fs';
import { join } from 'node:path';
import type { PodObject } from '../api/kubernetes-objects.ts';
import type { StoreEvent } from '../api/object-store.ts';
import { CONFIGURATION_DIRECTORY, PLUGIN_DIRECTORY } from '../machine/boot-machine.ts';
import { loadNetworkConfiguration, type NetworkConfiguration } from '../runtime/network-configuration.ts';
import { describeNode, describeReadiness } from './node-object.ts';
import type { KubeletParts, PodHost } from './pod-host.ts';
import { PodWorker } from './pod-worker.ts';

/** Between two looks at the directories, beside inotify: a bind mount over a file raises no event. */
const RELOAD_INTERVAL_MS = 1000;

/** Plays kubelet and container runtime on one node: reports the node, follows its pods, runs their containers. */
export class Kubelet implements PodHost {
  readonly parts: KubeletParts;
  readonly #workers = new Map<string, PodWorker>();
  readonly #waiting = new Set<() => void>();
  #network: NetworkConfiguration | undefined;
  #networkError: string | undefined;
  /** Readings of the directories follow each other: the last one to begin must not be overtaken by an older one. */
  #reading: Promise<void> = Promise.resolve();

  constructor(parts: KubeletParts) {
    this.parts = parts;
  }

  /** Registers the node and begins to follow configuration and pods. */
  async start(): Promise<void> {
    const { store, machine } = this.parts;
    store.put(describeNode(machine, { uid: this.parts.createUuid(), now: this.parts.now() }));
    await this.refreshNetwork();
    for (const directory of [CONFIGURATION_DIRECTORY, PLUGIN_DIRECTORY]) {
      const watcher = watch(join(machine.holder.root, directory), () => void this.refreshNetwork());
      // A directory that is taken away ends its watch: the next look comes from the timer.
      watcher.on('error', () => watcher.close());
    }
    setInterval(() => void this.refreshNetwork(), RELOAD_INTERVAL_MS).unref();
    store.subscribe((event) => this.#follow(event));
  }

  /** The configuration in force, once there is one; undefined when the signal ends the waiting. */
  async waitForNetwork(signal: AbortSignal): Promise<NetworkConfiguration | undefined> {
    while (this.#network === undefined && !signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting.add(resolve);
      signal.addEventListener('abort', () => resolve(), { once: true });
      await promise;
    }
    return signal.aborted ? undefined : this.#network;
  }

  get network(): NetworkConfiguration | undefined {
    return this.#network;
  }

  findWorker(uid: string): PodWorker | undefined {
    return this.#workers.get(uid);
  }

  /** Reads the directories and reports the node's condition where it has changed. */
  refreshNetwork(): Promise<void> {
    this.#reading = this.#reading.then(() => this.#readNetwork());
    return this.#reading;
  }

  async #readNetwork(): Promise<void> {
    const loaded = await loadNetworkConfiguration(this.parts.machine);
    const error = loaded.ok ? undefined : loaded.error;
    this.#network = loaded.ok ? loaded.value : undefined;
    const { store, machine, now } = this.parts;
    const node = store.getNode(machine.plan.name);
    if (node === undefined) return;
    const isFirst = node.status.conditions.length === 0;
    if (isFirst || error !== this.#networkError) {
      store.put({ ...node, status: { ...node.status, conditions: [describeReadiness(error, now())] } });
    }
    this.#networkError = error;
    if (this.#network === undefined) return;
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  #follow({ type, object }: StoreEvent): void {
    if (object.kind !== 'Pod' || object.spec.nodeName !== this.parts.machine.plan.name) return;
    if (type === 'ADDED') this.#adopt(object);
    if (type === 'MODIFIED' && object.metadata.deletionTimestamp !== undefined) {
      this.#workers.get(object.metadata.uid)?.terminate();
    }
  }

  #adopt(pod: PodObject): void {
    const worker = new PodWorker(this, pod);
    this.#workers.set(pod.metadata.uid, worker);
    worker
      .run()
      .catch((error: unknown) => console.error(`pod ${pod.metadata.name}:`, error))
      .finally(() => this.#workers.delete(pod.metadata.uid));
  }
}
