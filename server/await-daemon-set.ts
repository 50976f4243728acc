import { setTimeout as wait } from 'node:timers/promises';
import { AppsV1Api, KubeConfig } from '@kubernetes/client-node';

/**
 * `node server/await-daemon-set.ts NAMESPACE NAME`: ends when a pod of the DaemonSet is ready on every node that shall have one.
 * The last act of an uninstall: whoever waits for it waits for all nodes. Kubernetes' own deadline ends a wait in vain.
 */

const POLL_MS = 1_000;

async function awaitDaemonSet(
  api: AppsV1Api,
  given: { readonly namespace: string; readonly name: string },
): Promise<void> {
  let said = '';
  for (;;) {
    const { metadata, status } = await api.readNamespacedDaemonSet(given);
    const isSeen = status?.observedGeneration === metadata?.generation;
    const wanted = status?.desiredNumberScheduled ?? 0;
    const ready = status?.numberReady ?? 0;
    const line = isSeen ? `${ready} of ${wanted} nodes are clean` : 'the nodes are being counted';
    if (line !== said) console.log(line);
    said = line;
    if (isSeen && ready >= wanted) return;
    await wait(POLL_MS);
  }
}

const [namespace, name] = process.argv.slice(2);
if (namespace === undefined || name === undefined)
  throw new Error('usage: node server/await-daemon-set.ts NAMESPACE NAME');
const kubeConfig = new KubeConfig();
kubeConfig.loadFromDefault();
await awaitDaemonSet(kubeConfig.makeApiClient(AppsV1Api), { namespace, name });
