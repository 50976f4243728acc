import type { ApiPod, KubernetesApi } from './kubernetes-api.ts';
import { BUSYBOX_IMAGE } from './pack-images.ts';
import { waitFor } from './wait-for.ts';

export type PodWish = {
  /** The scheduler's choice where absent. */
  readonly nodeName?: string;
  readonly namespace?: string;
  readonly image?: string;
  readonly command?: readonly string[];
  readonly ports?: readonly object[];
};

/** Creates a pod of one container, which ends within a second when it is deleted. */
export async function createPod(api: KubernetesApi, name: string, wish: PodWish = {}): Promise<void> {
  const { nodeName, namespace = 'default', image = BUSYBOX_IMAGE, ...container } = wish;
  await api.createPod({
    metadata: { name, namespace },
    spec: { nodeName, terminationGracePeriodSeconds: 1, containers: [{ name: 'main', image, ...container }] },
  });
}

/** The same, and waits until it runs. */
export async function runPod(api: KubernetesApi, name: string, wish: PodWish = {}): Promise<void> {
  await createPod(api, name, wish);
  await waitUntilRunning(api, name);
}

/** @param names of pods in the namespace `default` */
export async function waitUntilRunning(api: KubernetesApi, ...names: readonly string[]): Promise<void> {
  await waitFor({ what: `${names.join(' and ')} to run`, explain: () => describePods(api) }, async () => {
    const running = (await api.listPods()).filter(({ status }) => status.phase === 'Running');
    return names.every((name) => running.some(({ metadata }) => metadata.name === name));
  });
}

export async function findPod(api: KubernetesApi, name: string): Promise<ApiPod | undefined> {
  return (await api.listPods()).find(({ metadata }) => metadata.name === name);
}

/** Waits until they are gone. */
export async function deletePods(api: KubernetesApi, ...names: readonly string[]): Promise<void> {
  await api.kubectl('delete', 'pod', ...names, '--grace-period=1', '--wait');
}

/** For the message of a test that failed. */
export const describePods = async (api: KubernetesApi): Promise<object> => ({
  pods: (await api.kubectl('get', 'pods', '--all-namespaces', '-o', 'wide')).split('\n'),
  nodes: (await api.kubectl('get', 'nodes')).split('\n'),
});
