import type { ClusterPod } from '#model/cluster/cluster-facts.ts';
import { CLUSTER_STREAM } from '#model/log/log-entry.ts';
import type { Store } from '../store/store.ts';
import type { TopologyFold } from './topology-fold.ts';
import type { IndexedPod, TopologyView } from './topology-view.ts';

/** What is. Pods come from the store, so that listing them reads no node. */
export function viewPresent(store: Store, fold: TopologyFold): TopologyView {
  return {
    upToSeq: undefined,
    cluster: async () => fold.cluster(),
    node: async (name) => fold.node(name),
    kernel: async (name) => (fold.node(name) === undefined ? undefined : fold.kernel(name)),
    pods: async () => indexPods(store, fold),
    findings: async () =>
      [...fold.summaries()].flatMap(({ name, findings }) => findings.map((finding) => ({ node: name, finding }))),
  };
}

function indexPods(store: Store, fold: TopologyFold): readonly IndexedPod[] {
  const wires = new Map<string, { readonly node: string; readonly words: string[] }>();
  for (const { name, wires: all } of fold.summaries()) {
    for (const [key = '', ...words] of all) {
      const known = wires.get(key);
      if (known === undefined) wires.set(key, { node: name, words });
      else known.words.push(...words);
    }
  }
  const pods: IndexedPod[] = [];
  for (const { key, stream, object } of store.facts.list('pod')) {
    const node = stream === CLUSTER_STREAM ? undefined : stream;
    pods.push({ key, node, facts: JSON.parse(object) as ClusterPod, wires: wires.get(key)?.words ?? [] });
    wires.delete(key);
  }
  for (const [key, { node, words }] of wires) pods.push({ key, node, facts: undefined, wires: words });
  return pods;
}
