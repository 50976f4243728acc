import type { ClusterPod } from '#model/cluster/cluster-facts.ts';
import { CLUSTER_STREAM } from '#model/log/log-entry.ts';
import type { Store } from '../store/store.ts';
import { indexPods, type PodFacts } from './index-pods.ts';
import type { TopologyFold } from './topology-fold.ts';
import type { TopologyView } from './topology-view.ts';

/** What is. Pods come from the store, so that listing them reads no node. */
export function viewPresent(store: Store, fold: TopologyFold): TopologyView {
  return {
    upToSeq: undefined,
    cluster: async () => fold.cluster(),
    node: async (name) => fold.node(name),
    kernel: async (name) => (fold.node(name) === undefined ? undefined : fold.kernel(name)),
    pods: async () => {
      const nodes = [...fold.summaries()].sort((a, b) => (a.name < b.name ? -1 : 1));
      return indexPods(listPods(store), nodes);
    },
    findings: async () =>
      [...fold.summaries()].flatMap(({ name, findings }) => findings.map((finding) => ({ ...finding, node: name }))),
  };
}

function* listPods(store: Store): Generator<PodFacts> {
  for (const { key, stream, object } of store.facts.list('pod')) {
    const node = stream === CLUSTER_STREAM ? undefined : stream;
    yield { key, node, facts: JSON.parse(object) as ClusterPod };
  }
}
