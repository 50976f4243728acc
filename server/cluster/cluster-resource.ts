import type { KubernetesObject } from '@kubernetes/client-node';
import type { ClusterKind, ClusterObjects } from './cluster-sink.ts';
import { reduceEndpointSlice } from './reduce-endpoint-slice.ts';
import { reduceNode } from './reduce-node.ts';
import { reducePod } from './reduce-pod.ts';
import { reduceService } from './reduce-service.ts';

/** One kind of object as the API server lists and watches it. */
export type ClusterResource<K extends ClusterKind, T extends KubernetesObject> = {
  readonly kind: K;
  /** `/api/v1`, `/apis/discovery.k8s.io/v1` */
  readonly group: string;
  /** As Kubernetes writes it, in paths and messages: `endpointslices`. */
  readonly plural: string;
  /** Kinds without a namespace are seen as a whole or not at all. */
  readonly isNamespaced: boolean;
  readonly reduce: (object: T) => ClusterObjects[K] | undefined;
};

/** Ties the kind of a resource to its object, so that a list of several kinds needs no type of its own. */
const define = <K extends ClusterKind, T extends KubernetesObject>(resource: ClusterResource<K, T>) => resource;

/** The four kinds that Podwire follows. */
export const CLUSTER_RESOURCES = {
  node: define({ kind: 'node', group: '/api/v1', plural: 'nodes', isNamespaced: false, reduce: reduceNode }),
  pod: define({ kind: 'pod', group: '/api/v1', plural: 'pods', isNamespaced: true, reduce: reducePod }),
  service: define({
    kind: 'service',
    group: '/api/v1',
    plural: 'services',
    isNamespaced: true,
    reduce: reduceService,
  }),
  endpointSlice: define({
    kind: 'endpointSlice',
    group: '/apis/discovery.k8s.io/v1',
    plural: 'endpointslices',
    isNamespaced: true,
    reduce: reduceEndpointSlice,
  }),
};

/** Where a kind is listed and watched. `undefined`: of all namespaces. */
export const pathOf = (
  { group, plural }: Pick<ClusterResource<ClusterKind, KubernetesObject>, 'group' | 'plural'>,
  namespace: string | undefined,
): string =>
  namespace === undefined ? `${group}/${plural}` : `${group}/namespaces/${encodeURIComponent(namespace)}/${plural}`;
