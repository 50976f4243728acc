import type { ApiParts } from './api/api-request.ts';
import { createPod } from './api/pod-lifecycle.ts';
import type { LabReport } from './lab-options.ts';
import { POD_PLANS } from './lab-plan.ts';
import { installNetworkPlugin } from './machine/install-network-plugin.ts';

/**
 * The tutorial's first pages: nodes without a network plugin, the plugin put in place, three pods.
 * Every step is a change anybody could make through the API, and is seen there.
 */
export async function playStory(
  parts: ApiParts,
  story: 'default' | 'empty',
  report: (message: LabReport) => void,
): Promise<void> {
  if (story === 'empty') return;
  for (const kubelet of parts.kubelets.values()) {
    await installNetworkPlugin(kubelet.parts.machine);
    await kubelet.refreshNetwork();
    report({ type: 'progress', message: `CNI configuration installed on ${kubelet.parts.machine.plan.name}` });
  }
  for (const plan of POD_PLANS) {
    if (parts.store.getPod('default', plan.name) !== undefined) continue;
    createPod(parts, 'default', {
      metadata: { name: plan.name, labels: { run: plan.name } },
      spec: {
        nodeName: plan.node,
        containers: [
          {
            name: plan.name,
            image: plan.image,
            ...(plan.image === 'busybox' ? { args: ['sleep', '3600'] } : { ports: [{ containerPort: 80 }] }),
          },
        ],
      },
    });
    await waitForAddress(parts, plan.name);
    report({ type: 'progress', message: `pod ${plan.name} created on ${plan.node}` });
  }
}

/** The next pod comes when this one has its address or has failed once: the addresses are the same at every start. */
async function waitForAddress(parts: ApiParts, name: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const unsubscribe = parts.store.subscribe(({ type, object }) => {
    if (object.kind !== 'Pod' || object.metadata.name !== name) return;
    const state = object.status.containerStatuses?.[0]?.state;
    const hasFailed = state !== undefined && 'waiting' in state && state.waiting.message !== undefined;
    if (object.status.podIP !== undefined || hasFailed || type === 'DELETED') resolve();
  });
  await promise;
  unsubscribe();
}
