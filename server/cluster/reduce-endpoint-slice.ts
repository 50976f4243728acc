import type { V1Endpoint, V1EndpointSlice } from '@kubernetes/client-node';
import type { ClusterEndpointSlice } from '#model/cluster/cluster-facts.ts';

const SERVICE_LABEL = 'kubernetes.io/service-name';

/** The few fields of an EndpointSlice that steer packets; `undefined` where the object has no name. */
export function reduceEndpointSlice(slice: V1EndpointSlice): ClusterEndpointSlice | undefined {
  const { name, namespace, uid, labels } = slice.metadata ?? {};
  if (name === undefined || namespace === undefined) return undefined;
  const service = labels?.[SERVICE_LABEL];
  return {
    namespace,
    name,
    uid: uid ?? '',
    ...(service && { service }),
    addressType: slice.addressType,
    ports: (slice.ports ?? []).map(({ name: portName, protocol, port }) => ({
      ...(portName && { name: portName }),
      ...(protocol && { protocol }),
      ...(port !== undefined && port !== null && { port }),
    })),
    endpoints: (slice.endpoints ?? []).map((endpoint) => reduceEndpoint(endpoint, namespace)),
  };
}

function reduceEndpoint(endpoint: V1Endpoint, namespace: string): ClusterEndpointSlice['endpoints'][number] {
  const target = endpoint.targetRef;
  return {
    addresses: endpoint.addresses ?? [],
    // An unknown state is to be taken for ready: discovery.k8s.io/v1, EndpointConditions.
    isReady: endpoint.conditions?.ready !== false,
    ...(endpoint.nodeName && { nodeName: endpoint.nodeName }),
    ...(target?.kind === 'Pod' && target.name && { pod: `${target.namespace ?? namespace}/${target.name}` }),
  };
}
