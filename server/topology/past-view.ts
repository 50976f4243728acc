import { setImmediate as breathe } from 'node:timers/promises';
import type { NodeFinding } from '#model/findings/node-finding.ts';
import type { ClusterFold } from '#model/log/cluster-fold.ts';
import { CLUSTER_STREAM } from '#model/log/log-entry.ts';
import type { AskedTime, NodeFold } from '#model/log/node-fold.ts';
import { type JoinedNode, joinClusterTopology } from '#model/topology/join-cluster-topology.ts';
import { sharePods } from '#model/topology/join-node-tile.ts';
import type { ClusterTopology, NodeTopology } from '#model/topology/topology.ts';
import type { NodeShare, SharedCluster } from '../access/restrict-cluster.ts';
import type { Store } from '../store/store.ts';
import { indexPods, type NodeWires, type PodFacts } from './index-pods.ts';
import { listWires } from './live-node.ts';
import { rebuildCluster, rebuildNode } from './rebuild-stream.ts';
import type { IndexedPod, WholeView } from './topology-view.ts';

/** A time that was kept when the question began, and is not any more. */
export class TimeGone extends Error {
  constructor(atMs: number) {
    super(`Nothing is kept of ${new Date(atMs).toISOString()} any more.`);
  }
}

/** What was at a time: folded from the log again, node by node, and only those that are asked for. */
export class PastView implements WholeView {
  readonly upToSeq: number;
  readonly #store: Store;
  readonly #atMs: number;
  readonly #cluster: ClusterFold;
  readonly #asked: AskedTime;

  /** `atMs` lies in the retention. */
  constructor(store: Store, atMs: number) {
    this.#store = store;
    this.#atMs = atMs;
    this.upToSeq = store.findSeq(atMs);
    this.#cluster = rebuildCluster(store, this.upToSeq).fold;
    this.#asked = this.#cluster.ask(atMs);
  }

  readonly node = async (name: string): Promise<NodeTopology | undefined> => this.#topologyOf(this.#rebuild(name));

  readonly kernel = async (name: string) => {
    const fold = this.#rebuild(name);
    return this.#topologyOf(fold) === undefined ? undefined : fold?.snapshot;
  };

  readonly cluster = async (): Promise<ClusterTopology> => (await this.shared()).topology;

  readonly shared = async (): Promise<SharedCluster> => {
    const nodes = new Map<string, JoinedNode>();
    const shares = new Map<string, NodeShare>();
    for await (const { name, fold, topology } of this.#nodes()) {
      nodes.set(name, { topology, statistics: fold.measure(this.#atMs) });
      shares.set(name, { name, shares: sharePods(topology), recent: fold.recent, findings: fold.findings });
    }
    const topology = joinClusterTopology(this.#cluster.head(), nodes);
    return { topology, nodes: shares, unscheduled: this.#cluster.unscheduled.keys(), atMs: this.#atMs };
  };

  readonly pods = async (): Promise<readonly IndexedPod[]> => {
    const pods = new Map<string, PodFacts>();
    for (const [key, facts] of this.#cluster.unscheduled) pods.set(key, { key, node: undefined, facts });
    const nodes: NodeWires[] = [];
    for await (const { name, topology } of this.#nodes()) {
      nodes.push({ name, wires: listWires(topology) });
      for (const { key, lastAdd: _add, lastDel: _del, failedAdds: _failed, ...facts } of Object.values(topology.pods)) {
        pods.set(key, { key, node: name, facts });
      }
    }
    const keys = [...pods.keys()].sort();
    return indexPods(
      keys.flatMap((key) => pods.get(key) ?? []),
      nodes,
    );
  };

  readonly pod = async (key: string) => (await this.pods()).find((each) => each.key === key);

  readonly findings = async (): Promise<readonly NodeFinding[]> => {
    const all: NodeFinding[] = [];
    for await (const { name, fold } of this.#nodes()) {
      for (const finding of fold.findings) all.push({ ...finding, node: name });
    }
    return all;
  };

  /** Every node that was there; others are served in between. */
  async *#nodes(): AsyncGenerator<{ readonly name: string; readonly fold: NodeFold; readonly topology: NodeTopology }> {
    for (const name of this.#store.streams.listNames(this.#atMs)) {
      const fold = name === CLUSTER_STREAM ? undefined : this.#rebuild(name);
      const topology = this.#topologyOf(fold);
      if (fold !== undefined && topology !== undefined) yield { name, fold, topology };
      await breathe();
    }
  }

  #rebuild(name: string): NodeFold | undefined {
    // Retention may have gone on while others were served.
    if (this.#atMs < (this.#store.oldestMs ?? 0)) throw new TimeGone(this.#atMs);
    const { fold } = rebuildNode(this.#store, name, this.upToSeq);
    return fold.seq === 0 ? undefined : fold;
  }

  readonly #topologyOf = (fold: NodeFold | undefined): NodeTopology | undefined => fold?.topology(this.#asked);
}
