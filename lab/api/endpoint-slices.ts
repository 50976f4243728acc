import type { EndpointSliceObject, PodObject, ServiceObject } from './kubernetes-objects.ts';
import type { ObjectStore } from './object-store.ts';

type Context = { readonly now: () => string; readonly createUuid: () => string };

/**
 * The endpoint slice controller: keeps one slice for each service with a selector, of the pods that the selector names and
 * that have an address (Kubernetes documentation, "EndpointSlices"). Follows the store until the function returned is called.
 */
export function keepEndpointSlices(store: ObjectStore, context: Context): () => void {
  return store.subscribe(({ type, object }) => {
    if (object.kind === 'Pod') {
      for (const service of store.list('Service')) {
        if (service.metadata.namespace === object.metadata.namespace) keepSlice(store, service, context);
      }
    }
    if (object.kind !== 'Service') return;
    if (type === 'DELETED') removeSlice(store, object);
    else keepSlice(store, object, context);
  });
}

const sliceName = (service: ServiceObject): string => `${service.metadata.name}-lab`;

function removeSlice(store: ObjectStore, service: ServiceObject): void {
  const slice = store.getEndpointSlice(service.metadata.namespace, sliceName(service));
  if (slice !== undefined) store.remove(slice);
}

function keepSlice(store: ObjectStore, service: ServiceObject, context: Context): void {
  const { name, namespace } = service.metadata;
  const selector = Object.entries(service.spec.selector ?? {});
  if (selector.length === 0) return;
  const pods = store
    .list('Pod')
    .filter((pod) => pod.metadata.namespace === namespace && pod.status.podIP !== undefined)
    .filter((pod) => selector.every(([key, value]) => pod.metadata.labels?.[key] === value));
  const known = store.getEndpointSlice(namespace, sliceName(service));
  const endpoints = pods.map(describeEndpoint);
  if (known !== undefined && JSON.stringify(known.endpoints) === JSON.stringify(endpoints)) return;
  store.put<EndpointSliceObject>({
    kind: 'EndpointSlice',
    apiVersion: 'discovery.k8s.io/v1',
    metadata: known?.metadata ?? {
      name: sliceName(service),
      namespace,
      uid: context.createUuid(),
      resourceVersion: '0',
      creationTimestamp: context.now(),
      labels: { 'kubernetes.io/service-name': name },
    },
    addressType: 'IPv4',
    ports: service.spec.ports.map((port) => ({
      ...(port.name !== undefined && { name: port.name }),
      protocol: port.protocol,
      ...(typeof port.targetPort === 'number' && { port: port.targetPort }),
    })),
    endpoints,
  });
}

function describeEndpoint(pod: PodObject): EndpointSliceObject['endpoints'][number] {
  const ready = pod.status.conditions.some((each) => each.type === 'Ready' && each.status === 'True');
  return {
    addresses: [pod.status.podIP ?? ''],
    conditions: { ready: ready && pod.metadata.deletionTimestamp === undefined },
    nodeName: pod.spec.nodeName,
    targetRef: { kind: 'Pod', name: pod.metadata.name, namespace: pod.metadata.namespace, uid: pod.metadata.uid },
  };
}
