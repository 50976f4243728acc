import type { ClusterPod } from '#model/cluster/cluster-facts.ts';
import type { WireWords } from './live-node.ts';
import type { IndexedPod } from './topology-view.ts';

export type PodFacts = { readonly key: string; readonly node: string | undefined; readonly facts: ClusterPod };
export type NodeWires = { readonly name: string; readonly wires: readonly WireWords[] };

/** Joins what Kubernetes says of pods, in the order of their keys, with the wires of all nodes in the order of their names. */
export function indexPods(pods: Iterable<PodFacts>, nodes: Iterable<NodeWires>): readonly IndexedPod[] {
  const wires = new Map<string, { readonly node: string; readonly words: string[] }>();
  for (const { name, wires: all } of nodes) {
    for (const [key = '', ...words] of all) {
      const known = wires.get(key);
      if (known === undefined) wires.set(key, { node: name, words });
      else known.words.push(...words);
    }
  }
  const indexed: IndexedPod[] = [];
  for (const pod of pods) {
    indexed.push({ ...pod, wires: wires.get(pod.key)?.words ?? [] });
    wires.delete(pod.key);
  }
  for (const [key, { node, words }] of wires) indexed.push({ key, node, facts: undefined, wires: words });
  return indexed;
}
