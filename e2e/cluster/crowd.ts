import type { KubernetesApi } from './kubernetes-api.ts';
import { BUSYBOX_IMAGE } from './pack-images.ts';
import { describePods } from './pods.ts';
import { waitFor } from './wait-for.ts';

const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments';

const describeCrowd = (name: string, replicas: number) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { terminationGracePeriodSeconds: 1, containers: [{ name: 'main', image: BUSYBOX_IMAGE }] },
    },
  },
});

/** A Deployment of pods that do nothing, wherever the scheduler puts them. */
export async function createCrowd(api: KubernetesApi, name: string, replicas: number): Promise<void> {
  await api.call('POST', DEPLOYMENTS, describeCrowd(name, replicas));
}

/** Waits until none of its pods is left. */
export async function deleteCrowd(api: KubernetesApi, name: string): Promise<void> {
  await api.call('DELETE', `${DEPLOYMENTS}/${name}?propagationPolicy=Background`);
  await waitFor({ what: `no pod of ${name}`, explain: () => describePods(api) }, async () => {
    return !(await api.listPods()).some(({ metadata }) => metadata.labels?.app === name);
  });
}
