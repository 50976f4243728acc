import { DnsLabel, PodManifest } from '#model/cluster/pod-manifest.ts';
import type { ApiParts } from './api-request.ts';
import { HttpFailure } from './http-answers.ts';
import type { PodObject } from './kubernetes-objects.ts';

/**
 * Kubernetes' default is 30 s. busybox' `sleep` does not listen to SIGTERM as first process of its namespace
 * (signal(7)), and nobody wants to look at that for half a minute in a lab.
 */
const DEFAULT_GRACE_SECONDS = 1;

/** Checks a posted pod, binds it to a node and stores it. The binding is the scheduler's job on a real cluster. */
export function createPod(parts: ApiParts, namespace: string, body: unknown): PodObject {
  const parsed = PodManifest.safeParse(body);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new HttpFailure(422, 'Invalid', `Pod is invalid: ${issue?.path.join('.')}: ${issue?.message}`);
  }
  const { metadata, spec } = parsed.data;
  if (!DnsLabel.safeParse(namespace).success) {
    throw new HttpFailure(422, 'Invalid', `the namespace "${namespace}" is no lower-case DNS label`);
  }
  if (metadata.namespace !== undefined && metadata.namespace !== namespace) {
    throw new HttpFailure(400, 'BadRequest', `the pod's namespace is ${metadata.namespace}, the path's ${namespace}`);
  }
  if (parts.store.getPod(namespace, metadata.name) !== undefined) {
    throw new HttpFailure(409, 'AlreadyExists', `pods "${metadata.name}" already exists`);
  }
  const nodeName = spec.nodeName ?? chooseNode(parts, spec.nodeSelector);
  if (!parts.kubelets.has(nodeName)) throw new HttpFailure(422, 'Invalid', `the lab has no node "${nodeName}"`);
  const now = parts.now();
  return parts.store.put<PodObject>({
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: { ...metadata, namespace, uid: parts.createUuid(), resourceVersion: '0', creationTimestamp: now },
    spec: {
      ...spec,
      nodeName,
      restartPolicy: spec.restartPolicy ?? 'Always',
      terminationGracePeriodSeconds: spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS,
    },
    status: { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'True', lastTransitionTime: now }] },
  });
}

/** Marks the pod as terminating; its kubelet removes it when its network is undone. A second DELETE changes nothing. */
export function deletePod(parts: ApiParts, pod: PodObject, graceSeconds: unknown): PodObject {
  if (pod.metadata.deletionTimestamp !== undefined) return pod;
  const asked = typeof graceSeconds === 'number' && graceSeconds >= 0 ? graceSeconds : undefined;
  return parts.store.put<PodObject>({
    ...pod,
    metadata: {
      ...pod.metadata,
      deletionTimestamp: parts.now(),
      deletionGracePeriodSeconds: asked ?? pod.spec.terminationGracePeriodSeconds,
    },
  });
}

/** The node that the selector names, else the first without a taint. */
function chooseNode(parts: ApiParts, selector: Readonly<Record<string, string>> | undefined): string {
  const nodes = parts.store.list('Node');
  const wanted = Object.entries(selector ?? {});
  const found =
    wanted.length === 0
      ? nodes.find((node) => node.spec.taints === undefined)
      : nodes.find((node) => wanted.every(([key, value]) => node.metadata.labels?.[key] === value));
  if (found === undefined) throw new HttpFailure(422, 'Invalid', 'no node of the lab matches the nodeSelector');
  return found.metadata.name;
}
