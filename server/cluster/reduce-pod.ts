import type { V1ContainerStatus, V1Pod } from '@kubernetes/client-node';
import type { ClusterPod } from '#model/cluster/cluster-facts.ts';
import { readTime } from './reduce-node.ts';

/** The few fields of a Pod that Podwire shows; `undefined` where the object has no name. */
export function reducePod(pod: V1Pod): ClusterPod | undefined {
  const { name, namespace } = pod.metadata ?? {};
  if (name === undefined || namespace === undefined) return undefined;
  const deletedAt = readTime(pod.metadata?.deletionTimestamp);
  const { status, message } = describeStatus(pod);
  return {
    namespace,
    name,
    uid: pod.metadata?.uid ?? '',
    ...(pod.spec?.nodeName && { nodeName: pod.spec.nodeName }),
    phase: pod.status?.phase ?? 'Unknown',
    status,
    ...(message !== undefined && { message }),
    podIps: listIps(pod),
    hostNetwork: pod.spec?.hostNetwork === true,
    images: (pod.spec?.containers ?? []).flatMap((each) => (each.image ? [each.image] : [])),
    createdAt: readTime(pod.metadata?.creationTimestamp) ?? new Date(0).toISOString(),
    ...(deletedAt !== undefined && { deletedAt }),
  };
}

function listIps(pod: V1Pod): string[] {
  const ips = (pod.status?.podIPs ?? []).flatMap((each) => (each.ip ? [each.ip] : []));
  return ips.length === 0 && pod.status?.podIP ? [pod.status.podIP] : ips;
}

/** The STATUS column of kubectl, shortened: k8s.io/kubernetes pkg/printers/internalversion/printers.go, printPod. */
function describeStatus(pod: V1Pod): { readonly status: string; readonly message?: string } {
  const containers = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  const held = containers.map(reasonOf).find((each) => each !== undefined);
  const message = held?.message ?? pod.status?.message ?? conditionMessage(pod);
  const said = message ? { message } : {};
  if (pod.metadata?.deletionTimestamp !== undefined) return { status: 'Terminating', ...said };
  if (held !== undefined) return { status: held.reason, ...said };
  return { status: pod.status?.reason ?? pod.status?.phase ?? 'Unknown', ...said };
}

type Reason = { readonly reason: string; readonly message: string | undefined };

function reasonOf(container: V1ContainerStatus): Reason | undefined {
  const { waiting, terminated } = container.state ?? {};
  if (waiting?.reason) return { reason: waiting.reason, message: waiting.message };
  if (terminated?.reason && terminated.exitCode !== 0)
    return { reason: terminated.reason, message: terminated.message };
  return undefined;
}

/** Why the scheduler or the kubelet waits, where no container says so. */
const conditionMessage = (pod: V1Pod): string | undefined =>
  pod.status?.conditions?.find((each) => each.status === 'False' && each.message)?.message;
