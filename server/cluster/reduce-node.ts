import type { V1Node } from '@kubernetes/client-node';
import type { ClusterNode } from '#model/cluster/cluster-facts.ts';

const ROLE_LABEL = 'node-role.kubernetes.io/';

/** The few fields of a Node that Podwire shows; `undefined` where the object has no name. */
export function reduceNode(node: V1Node): ClusterNode | undefined {
  const name = node.metadata?.name;
  if (name === undefined) return undefined;
  const ready = node.status?.conditions?.find((each) => each.type === 'Ready');
  const info = node.status?.nodeInfo;
  const podCidrs = node.spec?.podCIDRs ?? (node.spec?.podCIDR ? [node.spec.podCIDR] : []);
  const addresses = node.status?.addresses ?? [];
  return {
    name,
    uid: node.metadata?.uid ?? '',
    internalIps: addresses.filter((each) => each.type === 'InternalIP').map((each) => each.address),
    podCidrs,
    roles: Object.keys(node.metadata?.labels ?? {})
      .filter((label) => label.startsWith(ROLE_LABEL) && label.length > ROLE_LABEL.length)
      .map((label) => label.slice(ROLE_LABEL.length))
      .sort(),
    ...(ready !== undefined && { ready: reduceReady(ready) }),
    ...(info?.containerRuntimeVersion && { runtime: info.containerRuntimeVersion }),
    ...(info?.kernelVersion && { kernel: info.kernelVersion }),
    ...(info?.osImage && { osImage: info.osImage }),
    ...(info?.kubeletVersion && { kubeletVersion: info.kubeletVersion }),
  };
}

type Ready = NonNullable<NonNullable<V1Node['status']>['conditions']>[number];

function reduceReady(ready: Ready): NonNullable<ClusterNode['ready']> {
  const status = ready.status === 'True' || ready.status === 'False' ? ready.status : 'Unknown';
  const since = readTime(ready.lastTransitionTime);
  return {
    status,
    ...(ready.reason && { reason: ready.reason }),
    ...(ready.message && { message: ready.message }),
    ...(since !== undefined && { since }),
  };
}

/** The client gives a Date from a list and the bare text from a watch. */
export function readTime(value: Date | string | undefined): string | undefined {
  if (value === undefined || value === null) return undefined;
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}
