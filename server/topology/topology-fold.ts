import type { ClusterNode, ClusterPod } from '#model/cluster/cluster-facts.ts';
import type { InvocationEvent } from '#model/cni/invocation-event.ts';
import type { Finding } from '#model/findings/finding.ts';
import type { KernelDelta } from '#model/kernel/kernel-delta.ts';
import type { KernelSnapshot } from '#model/kernel/kernel-snapshot.ts';
import type { BatchHeader, BatchRecord } from '#model/protocol/agent-batch.ts';
import type { TopologyDelta } from '#model/protocol/live-message.ts';
import { diffTopology, isEmptyDelta } from '#model/topology/diff-topology.ts';
import { equalJson } from '#model/topology/equal-json.ts';
import { joinClusterTopology } from '#model/topology/join-cluster-topology.ts';
import { podKeyOf } from '#model/topology/match-attachments.ts';
import { summarizeInvocation } from '#model/topology/summarize-invocation.ts';
import type { ClusterTopology, InvocationSummary, NodeTopology } from '#model/topology/topology.ts';
import type { ClusterSource } from '../cluster/cluster-sink.ts';
import { NodeState } from './node-state.ts';

/** What changed, told once per recomputation. */
export type FoldListener = {
  /** `delta` is absent where the node appeared or went. */
  readonly nodeChanged: (name: string, topology: NodeTopology | undefined, delta: TopologyDelta | undefined) => void;
  readonly clusterChanged: (topology: ClusterTopology, delta: TopologyDelta) => void;
  readonly invocationsArrived: (node: string, invocations: readonly InvocationSummary[]) => void;
  /** All that is wrong with a node now; nothing where it went. */
  readonly findingsChanged?: (node: string, findings: readonly Finding[]) => void;
  /** Whether it wants to hear of a node at once; absent: it may wait until others are done. */
  readonly isWatching?: (name: string) => boolean;
};

/** Gathers the changes of a burst, an ADD's dozen notifications, into one recomputation. */
const NODE_DEBOUNCE_MS = 15;
const CLUSTER_DEBOUNCE_MS = 100;

/** Folds what agents and the cluster say into topologies, and tells listeners what changed. */
export class TopologyFold {
  readonly #nodes = new Map<string, NodeState>();
  readonly #topologies = new Map<string, NodeTopology>();
  readonly #unscheduled = new Map<string, ClusterPod>();
  readonly #dirty = new Set<string>();
  readonly #listeners = new Set<FoldListener>();
  readonly #clock: () => Date;
  #source: ClusterSource;
  #problem: string | undefined;
  #blindSpots: readonly string[] = [];
  #isSynced = false;
  #cluster: ClusterTopology;
  #isClusterDirty = false;
  #nodeTimer: NodeJS.Timeout | undefined;
  #clusterTimer: NodeJS.Timeout | undefined;

  constructor(clock: () => Date, source: ClusterSource) {
    this.#clock = clock;
    this.#source = source;
    this.#cluster = this.#joinCluster();
  }

  listen(listener: FoldListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  setSource(source: ClusterSource): void {
    this.#source = source;
    this.#markCluster();
  }

  /** Why the watch does not deliver; `undefined` once it does. */
  setProblem(problem: string | undefined): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    this.#markCluster();
  }

  setBlindSpots(blindSpots: readonly string[]): void {
    this.#blindSpots = blindSpots;
    this.#markCluster();
  }

  /** The first lists are complete: from now on a node that the cluster does not name is a fact, not a matter of time. */
  setSynced(): void {
    if (this.#isSynced) return;
    this.#isSynced = true;
    for (const name of this.#nodes.keys()) this.#mark(name);
  }

  putNode(facts: ClusterNode): void {
    this.#state(facts.name).facts = facts;
    this.#mark(facts.name);
  }

  removeNode(name: string): void {
    this.#state(name).facts = undefined;
    this.#mark(name);
  }

  putPod(pod: ClusterPod): void {
    const key = podKeyOf(pod);
    this.#forgetPod(key, pod.nodeName);
    if (pod.nodeName === undefined) this.#unscheduled.set(key, pod);
    else this.#state(pod.nodeName).pods.set(key, pod);
    if (pod.nodeName === undefined) this.#markCluster();
    else this.#mark(pod.nodeName);
  }

  removePod(pod: Pick<ClusterPod, 'namespace' | 'name'>): void {
    this.#forgetPod(podKeyOf(pod), undefined);
  }

  #forgetPod(key: ReturnType<typeof podKeyOf>, exceptNode: string | undefined): void {
    if (this.#unscheduled.delete(key)) this.#markCluster();
    for (const [name, state] of this.#nodes) {
      if (name !== exceptNode && state.pods.delete(key)) this.#mark(name);
    }
  }

  restoreKernel(snapshot: KernelSnapshot, agent: { readonly lastSeen: string; readonly version: string }): void {
    this.#state(snapshot.node).restore(snapshot, agent);
    this.#mark(snapshot.node);
  }

  hearAgent(header: BatchHeader, receivedAt: string): void {
    this.#state(header.node).hearAgent(header, receivedAt);
    this.#mark(header.node);
  }

  putSnapshot(snapshot: KernelSnapshot): void {
    this.#state(snapshot.node).putSnapshot(snapshot);
    this.#mark(snapshot.node);
  }

  applyDelta(delta: KernelDelta): void {
    this.#state(delta.node).applyDelta(delta);
    this.#mark(delta.node);
  }

  hearRecord(node: string, record: BatchRecord): void {
    this.#state(node).hearRecord(record);
    this.#mark(node);
  }

  needsSnapshot(header: Pick<BatchHeader, 'node' | 'bootId'>): boolean {
    return this.#state(header.node).needsSnapshot(header.bootId);
  }

  /** `isReplay`: from the log, at a start; nobody is told. */
  addInvocations(node: string, events: readonly InvocationEvent[], isReplay = false): void {
    const state = this.#state(node);
    for (const event of events) state.addInvocation(event);
    this.#mark(node);
    if (isReplay) return;
    const summaries = events.map((event) => summarizeInvocation(event, node));
    for (const listener of this.#listeners) listener.invocationsArrived(node, summaries);
  }

  /** Time passes without a word: agents turn stale, the statistics' window moves on. Call about once a second. */
  tick(): void {
    const now = this.#clock();
    for (const [name, state] of this.#nodes) {
      const shown = this.#topologies.get(name)?.node.node?.agent.state;
      if (shown !== undefined && shown !== state.agentState(now).state) this.#mark(name);
    }
    this.#markCluster();
  }

  nodeNames(): readonly string[] {
    this.flush();
    return [...this.#topologies.keys()];
  }

  node(name: string): NodeTopology | undefined {
    this.flush();
    return this.#topologies.get(name);
  }

  kernel(name: string): KernelSnapshot | undefined {
    return this.#nodes.get(name)?.snapshot;
  }

  cluster(): ClusterTopology {
    this.flush();
    return this.#cluster;
  }

  /** Every node's summary: what is wrong with it. */
  *summaries(): Generator<{ readonly name: string; readonly findings: readonly Finding[] }> {
    for (const name of this.nodeNames())
      yield { name, findings: this.#topologies.get(name)?.node.node?.findings ?? [] };
  }

  unscheduledPods(): readonly ClusterPod[] {
    return [...this.#unscheduled.values()];
  }

  /** Kernel states to keep over a restart. */
  *kernels(): Generator<{ readonly snapshot: KernelSnapshot; readonly lastSeen: string; readonly version: string }> {
    for (const { snapshot, heard } of this.#nodes.values()) {
      if (snapshot !== undefined && heard !== undefined) yield { snapshot, ...heard };
    }
  }

  /** Recomputes what is due now, so that a read after a write sees it. */
  flush(): void {
    clearTimeout(this.#nodeTimer);
    this.#nodeTimer = undefined;
    if (this.#dirty.size > 0) {
      const names = [...this.#dirty];
      this.#dirty.clear();
      for (const name of names) this.#recompute(name);
    }
    this.#flushCluster();
  }

  close(): void {
    clearTimeout(this.#nodeTimer);
    clearTimeout(this.#clusterTimer);
    this.#listeners.clear();
  }

  #state(name: string): NodeState {
    const known = this.#nodes.get(name);
    if (known !== undefined) return known;
    const state = new NodeState(name);
    this.#nodes.set(name, state);
    return state;
  }

  #mark(name: string): void {
    this.#dirty.add(name);
    this.#nodeTimer ??= setTimeout(() => this.#flushNodes(), NODE_DEBOUNCE_MS);
  }

  #markCluster(): void {
    this.#isClusterDirty = true;
    this.#clusterTimer ??= setTimeout(() => this.#flushCluster(), CLUSTER_DEBOUNCE_MS);
  }

  #flushNodes(): void {
    this.#nodeTimer = undefined;
    const names = [...this.#dirty];
    this.#dirty.clear();
    for (const name of names) this.#recompute(name);
  }

  #recompute(name: string): void {
    const state = this.#state(name);
    const before = this.#topologies.get(name);
    this.#markCluster();
    if (!this.#isVisible(state)) {
      this.#topologies.delete(name);
      if (before === undefined) return;
      for (const listener of this.#listeners) listener.nodeChanged(name, undefined, undefined);
      for (const listener of this.#listeners) listener.findingsChanged?.(name, []);
      return;
    }
    const after = state.join(this.#clock(), this.#source.source !== 'none' && this.#isSynced);
    const delta = before === undefined ? undefined : diffTopology(before, after);
    if (delta !== undefined && isEmptyDelta(delta)) return;
    this.#topologies.set(name, after);
    for (const listener of this.#listeners) listener.nodeChanged(name, after, delta);
    const found = after.node.node?.findings ?? [];
    if (equalJson(before?.node.node?.findings ?? [], found)) return;
    for (const listener of this.#listeners) listener.findingsChanged?.(name, found);
  }

  /** A node is there while the cluster names it or its agent speaks; a silent stranger is gone. */
  #isVisible(state: NodeState): boolean {
    if (state.facts !== undefined || state.pods.size > 0) return true;
    if (state.heard === undefined) return false;
    return !this.#isSynced || state.agentState(this.#clock()).state === 'live';
  }

  #flushCluster(): void {
    clearTimeout(this.#clusterTimer);
    this.#clusterTimer = undefined;
    if (!this.#isClusterDirty) return;
    this.#isClusterDirty = false;
    const after = this.#joinCluster();
    const delta = diffTopology(this.#cluster, after);
    if (isEmptyDelta(delta)) return;
    this.#cluster = after;
    for (const listener of this.#listeners) listener.clusterChanged(after, delta);
  }

  #joinCluster(): ClusterTopology {
    const now = this.#clock();
    const nodes = new Map(
      [...this.#topologies].map(([name, topology]) => [name, { topology, statistics: this.#state(name).measure(now) }]),
    );
    let podCount = this.#unscheduled.size;
    for (const { topology } of nodes.values()) podCount += Object.keys(topology.pods).length;
    return joinClusterTopology({
      source: this.#source.source,
      server: this.#source.server,
      problem: this.#problem,
      blindSpots: this.#blindSpots,
      podCount,
      unscheduledPods: this.#unscheduled.size,
      nodes,
    });
  }
}
