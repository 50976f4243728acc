import { setImmediate as breathe } from 'node:timers/promises';
import type { ClusterPod } from '#model/cluster/cluster-facts.ts';
import { CLUSTER_STREAM } from '#model/log/log-entry.ts';
import { parseKept } from '../store/encode-body.ts';
import type { KeptFact } from '../store/fact-table.ts';
import type { Store } from '../store/store.ts';
import { indexPods, type NodeWires, type PodFacts } from './index-pods.ts';
import { shareCluster } from './share-cluster.ts';
import type { TopologyFold } from './topology-fold.ts';
import type { IndexedPod, WholeView } from './topology-view.ts';

/** What is. Pods come from the store, so that listing them reads no node. */
export function viewPresent(store: Store, fold: TopologyFold, clock: () => Date): WholeView {
  return {
    upToSeq: undefined,
    cluster: async () => fold.cluster(),
    shared: async () => shareCluster(fold, fold.cluster(), clock),
    node: async (name) => fold.node(name),
    kernel: async (name) => (fold.node(name) === undefined ? undefined : fold.kernel(name)),
    pods: async () => indexPods(await listPods(store), listWired(fold)),
    pod: async (key) => findPod(store, fold, key),
    findings: async () =>
      [...fold.summaries()].flatMap(({ name, findings }) => findings.map((finding) => ({ ...finding, node: name }))),
  };
}

/** Page by page: others are served in between. */
async function listPods(store: Store): Promise<readonly PodFacts[]> {
  const pods: PodFacts[] = [];
  for (let page = store.facts.listPage('pod', ''); page.length > 0; ) {
    for (const fact of page) pods.push(readFact(fact));
    await breathe();
    page = store.facts.listPage('pod', page.at(-1)?.key ?? '');
  }
  return pods;
}

function readFact({ key, stream, object }: KeptFact): PodFacts {
  return { key, node: stream === CLUSTER_STREAM ? undefined : stream, facts: parseKept<ClusterPod>(object) };
}

/** One pod, without a look at the others. */
function findPod(store: Store, fold: TopologyFold, key: string): IndexedPod | undefined {
  const fact = store.facts.find('pod', key);
  const nodes = listWired(fold).filter(({ wires }) => wires.some(([owner]) => owner === key));
  const wires = nodes.map(({ name, wires: all }) => ({ name, wires: all.filter(([owner]) => owner === key) }));
  return indexPods(fact === undefined ? [] : [readFact(fact)], wires)[0];
}

const listWired = (fold: TopologyFold): readonly NodeWires[] =>
  [...fold.summaries()].sort((a, b) => (a.name < b.name ? -1 : 1));
