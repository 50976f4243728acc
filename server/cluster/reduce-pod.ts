import type { V1Pod } from '@kubernetes/client-node';
import type { ClusterPod } from '#model/cluster/cluster-facts.ts';
import { readPodColumns } from './read-pod-columns.ts';
import { readTime } from './reduce-node.ts';

/** The few fields of a Pod that Podwire shows; `undefined` where the object has no name. */
export function reducePod(pod: V1Pod): ClusterPod | undefined {
  const { name, namespace } = pod.metadata ?? {};
  if (name === undefined || namespace === undefined) return undefined;
  const deletedAt = readTime(pod.metadata?.deletionTimestamp);
  const { status, containers } = readPodColumns(pod);
  const message = describeReason(pod);
  const readinessGates = countReadinessGates(pod);
  return {
    namespace,
    name,
    uid: pod.metadata?.uid ?? '',
    ...(pod.spec?.nodeName && { nodeName: pod.spec.nodeName }),
    phase: pod.status?.phase ?? 'Unknown',
    status,
    ...(message && { message }),
    containers,
    ...(pod.status?.nominatedNodeName && { nominatedNodeName: pod.status.nominatedNodeName }),
    ...(readinessGates !== undefined && { readinessGates }),
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

/** The reason behind the status, where there is one. */
function describeReason(pod: V1Pod): string | undefined {
  const containers = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  const held = containers.find(
    ({ state }) => state?.waiting?.reason || (state?.terminated?.exitCode ?? 0) !== 0,
  )?.state;
  return held?.waiting?.message || held?.terminated?.message || pod.status?.message || conditionMessage(pod);
}

/** Why the scheduler or the kubelet waits, where no container says so. */
const conditionMessage = (pod: V1Pod): string | undefined =>
  pod.status?.conditions?.find((each) => each.status === 'False' && each.message)?.message;

function countReadinessGates({ spec, status }: V1Pod): ClusterPod['readinessGates'] {
  const gates = spec?.readinessGates ?? [];
  if (gates.length === 0) return undefined;
  const met = gates.filter(({ conditionType }) =>
    status?.conditions?.some((each) => each.type === conditionType && each.status === 'True'),
  );
  return { met: met.length, total: gates.length };
}
