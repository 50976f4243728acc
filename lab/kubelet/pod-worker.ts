import { setTimeout as wait } from 'node:timers/promises';
import type { PodObject } from '../api/kubernetes-objects.ts';
import { type Container, type ImageName, startContainer } from '../runtime/container.ts';
import type { NetworkConfiguration } from '../runtime/network-configuration.ts';
import { createSandbox, removeSandbox, type Sandbox } from '../runtime/sandbox.ts';
import type { PodHost } from './pod-host.ts';
import { applyProgress, describeCreating, type PodProgress } from './pod-status.ts';

const MIN_RESTART_DELAY_MS = 1000;
const MAX_RESTART_DELAY_MS = 60_000;

/** One pod from its appearance to its end: sandbox, ADD, container, restarts, DEL, removal from the API. */
export class PodWorker {
  readonly #kubelet: PodHost;
  readonly #pod: PodObject;
  readonly #ending = new AbortController();
  #container: Container | undefined;

  constructor(kubelet: PodHost, pod: PodObject) {
    this.#kubelet = kubelet;
    this.#pod = pod;
  }

  /** The running container, for exec. */
  get container(): Container | undefined {
    return this.#container;
  }

  /** The API asked for the pod's end; `run` carries it out. */
  terminate(): void {
    this.#ending.abort();
  }

  async run(): Promise<void> {
    this.#report(describeCreating());
    const image = resolveImage(this.#pod);
    if (image === undefined) await this.#waitForEnd(describeMissingImage(this.#pod));
    else await this.#live(image);
    const current = this.#read();
    if (current !== undefined) this.#kubelet.parts.store.remove(current);
  }

  async #live(image: ImageName): Promise<void> {
    while (!this.#ending.signal.aborted) {
      const network = await this.#kubelet.waitForNetwork(this.#ending.signal);
      if (network === undefined) return;
      const sandbox = await createSandbox(this.#kubelet.parts, { pod: this.#pod, network });
      if (sandbox.ok) {
        await this.#runContainer(sandbox.value, image);
        await this.#removeSandbox(sandbox.value, network);
        return;
      }
      this.#report(describeCreating(`FailedCreatePodSandBox: ${sandbox.error}`));
      await this.#pause(this.#kubelet.parts.options.retryMs);
    }
  }

  async #runContainer(sandbox: Sandbox, image: ImageName): Promise<void> {
    const { machine, options, now, createUuid } = this.#kubelet.parts;
    const [manifest] = this.#pod.spec.containers;
    const command = [...(manifest?.command ?? []), ...(manifest?.args ?? [])];
    const { signal } = this.#ending;
    for (let restartCount = 0; !signal.aborted; restartCount += 1) {
      const id = `${createUuid()}${createUuid()}`.replaceAll('-', '');
      const common = { restartCount, containerId: id, podIp: sandbox.podIp, hasSandbox: true };
      const started = await startContainer(machine, options.images, {
        id,
        podName: this.#pod.metadata.name,
        namespace: this.#pod.metadata.namespace,
        image,
        command: command.length === 0 ? undefined : command,
        netnsPath: sandbox.netnsPath,
        podIp: sandbox.podIp,
      }).catch((error: Error) => error);
      let exitCode = 128;
      if (!(started instanceof Error)) {
        this.#container = started;
        this.#report({ ...common, phase: 'Running', state: { running: { startedAt: now() } } });
        exitCode = (await Promise.race([started.hasEnded, waitForAbort(signal)])) ?? 0;
        if (signal.aborted) await started.stop(this.#readGraceSeconds() * 1000);
        this.#container = undefined;
      }
      if (signal.aborted) return;
      const message = started instanceof Error ? started.message : `back-off after exit code ${exitCode}`;
      const reason = started instanceof Error ? 'RunContainerError' : 'CrashLoopBackOff';
      this.#report({ ...common, phase: 'Running', state: { waiting: { reason, message } } });
      await this.#pause(Math.min(MIN_RESTART_DELAY_MS * 2 ** restartCount, MAX_RESTART_DELAY_MS));
    }
  }

  /** DEL is repeated until it succeeds, as the kubelet does: a pod whose network is not undone is not gone. */
  async #removeSandbox(sandbox: Sandbox, network: NetworkConfiguration): Promise<void> {
    const { parts } = this.#kubelet;
    for (;;) {
      const removed = await removeSandbox(parts.machine, this.#kubelet.network ?? network, sandbox);
      if (removed.ok) return;
      this.#report({ ...describeCreating(`FailedKillPod: ${removed.error}`), podIp: sandbox.podIp });
      await wait(parts.options.retryMs);
    }
  }

  #read(): PodObject | undefined {
    const { namespace, name, uid } = this.#pod.metadata;
    const current = this.#kubelet.parts.store.getPod(namespace, name);
    return current?.metadata.uid === uid ? current : undefined;
  }

  #readGraceSeconds(): number {
    return this.#read()?.metadata.deletionGracePeriodSeconds ?? this.#pod.spec.terminationGracePeriodSeconds;
  }

  #report(progress: PodProgress): void {
    const { store, machine, now } = this.#kubelet.parts;
    const current = this.#read();
    if (current === undefined) return;
    store.put(applyProgress(current, progress, { hostIp: machine.plan.address, now: now() }));
  }

  async #waitForEnd(progress: PodProgress): Promise<void> {
    this.#report(progress);
    await waitForAbort(this.#ending.signal);
  }

  async #pause(durationMs: number): Promise<void> {
    await wait(durationMs, undefined, { signal: this.#ending.signal }).catch(() => undefined);
  }
}

function waitForAbort(signal: AbortSignal): Promise<undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  if (signal.aborted) resolve(undefined);
  else signal.addEventListener('abort', () => resolve(undefined), { once: true });
  return promise;
}

/** `docker.io/library/nginx:1.27` is nginx. The lab has two images. */
function resolveImage(pod: PodObject): ImageName | undefined {
  const name = pod.spec.containers[0]?.image.split('/').at(-1)?.split(/[:@]/)[0];
  return name === 'busybox' || name === 'nginx' ? name : undefined;
}

function describeMissingImage(pod: PodObject): PodProgress {
  const message = `the lab has the images busybox and nginx, not "${pod.spec.containers[0]?.image}"`;
  return {
    phase: 'Pending',
    state: { waiting: { reason: 'ErrImagePull', message } },
    restartCount: 0,
    hasSandbox: false,
  };
}
