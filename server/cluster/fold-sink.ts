import type { TopologyFold } from '../topology/topology-fold.ts';
import { type ClusterKind, type ClusterObjects, type ClusterSink, clusterKey } from './cluster-sink.ts';

/**
 * The fold as a sink of the watch. The fold knows nodes and pods; services and endpoint slices are counted here until a view
 * reads them.
 */
export function sinkToFold(fold: TopologyFold): ClusterSink {
  const keys: Record<ClusterKind, Set<string>> = {
    node: new Set(),
    pod: new Set(),
    service: new Set(),
    endpointSlice: new Set(),
  };
  const put = <K extends ClusterKind>(kind: K, object: ClusterObjects[K]): void => {
    keys[kind].add(clusterKey(object));
    if (kind === 'node') fold.putNode(object as ClusterObjects['node']);
    if (kind === 'pod') fold.putPod(object as ClusterObjects['pod']);
  };
  const remove = (kind: ClusterKind, key: string): void => {
    if (!keys[kind].delete(key)) return;
    const [namespace = '', name = ''] = key.split('/');
    if (kind === 'node') fold.removeNode(key);
    if (kind === 'pod') fold.removePod({ namespace, name });
  };
  return {
    put,
    remove,
    replace: (kind, objects) => {
      const named = new Set(objects.map(clusterKey));
      for (const key of keys[kind]) if (!named.has(key)) remove(kind, key);
      for (const object of objects) put(kind, object);
    },
    setProblem: (problem) => fold.setProblem(problem),
    setBlindSpots: (blindSpots) => fold.setBlindSpots(blindSpots),
    setSynced: () => fold.setSynced(),
    setSource: (source) => fold.setSource(source),
  };
}
