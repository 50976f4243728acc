import { CoreV1Api, DiscoveryV1Api, type KubeConfig, type KubernetesObject } from '@kubernetes/client-node';
import type { ClusterKind, ClusterObjects } from './cluster-sink.ts';
import { reduceEndpointSlice } from './reduce-endpoint-slice.ts';
import { reduceNode } from './reduce-node.ts';
import { reducePod } from './reduce-pod.ts';
import { reduceService } from './reduce-service.ts';

export type PageQuery = { readonly limit?: number; readonly _continue?: string };
export type Page<T> = {
  readonly items: readonly T[];
  readonly metadata?: { readonly resourceVersion?: string; readonly _continue?: string };
};

/** One kind of object as the API server lists and watches it. */
export type ClusterResource<K extends ClusterKind, T extends KubernetesObject> = {
  readonly kind: K;
  /** As Kubernetes writes it, for messages: `endpointslices`. */
  readonly plural: string;
  /** Kinds without a namespace are seen as a whole or not at all. */
  readonly isNamespaced: boolean;
  /** `undefined`: of all namespaces. */
  readonly path: (namespace: string | undefined) => string;
  readonly list: (namespace: string | undefined, page: PageQuery) => Promise<Page<T>>;
  readonly reduce: (object: T) => ClusterObjects[K] | undefined;
};

const pathOf =
  (group: string, plural: string) =>
  (namespace: string | undefined): string =>
    namespace === undefined ? `${group}/${plural}` : `${group}/namespaces/${encodeURIComponent(namespace)}/${plural}`;

/** Ties the kind of a resource to its object, so that a list of several kinds needs no type of its own. */
const define = <K extends ClusterKind, T extends KubernetesObject>(resource: ClusterResource<K, T>) => resource;

/** The four kinds that Podwire follows, through the official client. */
export function makeClusterResources(config: KubeConfig) {
  const core = config.makeApiClient(CoreV1Api);
  const discovery = config.makeApiClient(DiscoveryV1Api);
  return {
    node: define({
      kind: 'node',
      plural: 'nodes',
      isNamespaced: false,
      path: pathOf('/api/v1', 'nodes'),
      list: (_namespace, page) => core.listNode(page),
      reduce: reduceNode,
    }),
    pod: define({
      kind: 'pod',
      plural: 'pods',
      isNamespaced: true,
      path: pathOf('/api/v1', 'pods'),
      list: (namespace, page) =>
        namespace === undefined ? core.listPodForAllNamespaces(page) : core.listNamespacedPod({ namespace, ...page }),
      reduce: reducePod,
    }),
    service: define({
      kind: 'service',
      plural: 'services',
      isNamespaced: true,
      path: pathOf('/api/v1', 'services'),
      list: (namespace, page) =>
        namespace === undefined
          ? core.listServiceForAllNamespaces(page)
          : core.listNamespacedService({ namespace, ...page }),
      reduce: reduceService,
    }),
    endpointSlice: define({
      kind: 'endpointSlice',
      plural: 'endpointslices',
      isNamespaced: true,
      path: pathOf('/apis/discovery.k8s.io/v1', 'endpointslices'),
      list: (namespace, page) =>
        namespace === undefined
          ? discovery.listEndpointSliceForAllNamespaces(page)
          : discovery.listNamespacedEndpointSlice({ namespace, ...page }),
      reduce: reduceEndpointSlice,
    }),
  };
}
