import type { ClusterEndpointSlice, ClusterNode, ClusterPod, ClusterService } from '#model/cluster/cluster-facts.ts';

/** What is kept of the cluster, by kind. */
export type ClusterObjects = {
  readonly node: ClusterNode;
  readonly pod: ClusterPod;
  readonly service: ClusterService;
  readonly endpointSlice: ClusterEndpointSlice;
};
export type ClusterKind = keyof ClusterObjects;

export type ClusterSource = { readonly source: 'lab' | 'kubernetes' | 'none'; readonly server?: string };

/** Where the watch puts what it sees. Objects are reduced and checked; keys are `<name>` or `<namespace>/<name>`. */
export type ClusterSink = {
  put<K extends ClusterKind>(kind: K, object: ClusterObjects[K]): void;
  /** Nothing where the key is not there. */
  remove(kind: ClusterKind, key: string): void;
  /** The whole list, of a first list or a relist: what is not in it is gone. */
  replace<K extends ClusterKind>(kind: K, objects: readonly ClusterObjects[K][]): void;
  /** Why the watch does not deliver; `undefined` once it does. */
  setProblem(problem: string | undefined): void;
  /** What the API server does not let this Podwire see, each in words; empty where it sees all. */
  setBlindSpots(blindSpots: readonly string[]): void;
  /** The first lists of nodes and pods are complete: what the cluster does not name from now on is not in it. */
  setSynced(): void;
  setSource(source: ClusterSource): void;
};

/** `<namespace>/<name>`, or the name of what has no namespace. */
export const clusterKey = (object: { readonly name: string; readonly namespace?: string }): string =>
  object.namespace === undefined ? object.name : `${object.namespace}/${object.name}`;
