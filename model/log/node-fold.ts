import type { Drift } from '../agent/drift.ts';
import { assertNever } from '../assert-never.ts';
import type { ClusterNode, ClusterPod } from '../cluster/cluster-facts.ts';
import type { InvocationEvent } from '../cni/invocation-event.ts';
import type { Finding } from '../findings/finding.ts';
import { applyKernelDelta } from '../kernel/apply-kernel-delta.ts';
import type { KernelDelta } from '../kernel/kernel-delta.ts';
import type { KernelSnapshot } from '../kernel/kernel-snapshot.ts';
import {
  type ActiveAdd,
  addInvocation,
  type MutableInvocationFold,
  type PodHistory,
  pruneInvocationFold,
} from '../topology/fold-invocation.ts';
import { joinNodeTopology } from '../topology/join-node-topology.ts';
import { podKeyOf } from '../topology/match-attachments.ts';
import { summarizeInvocation } from '../topology/summarize-invocation.ts';
import type { InvocationStatistics, InvocationSummary, NodeTopology, PodKey } from '../topology/topology.ts';
import { type AgentFacts, breakKernel, describeAgent, foldAgent } from './fold-agent.ts';
import type { ClusterFact, LogEntry } from './log-entry.ts';
import { type RecentColumns, RecentInvocations } from './recent-invocations.ts';

const KEPT_DRIFTS = 50;
const PRUNED_ABOVE_PODS = 1_000;

/** What a node's topology needs to know of the cluster, as it was at the time that is asked for. */
export type AskedTime = {
  readonly atMs: number;
  /** True once the first lists are complete: then a node that the cluster does not name is a fact, not a matter of time. */
  readonly isSynced: boolean;
  /** True where a cluster is watched and its lists are complete, so that a missing node is worth a word. */
  readonly hasCluster: boolean;
  /** Place in the log of the newest start of a collector. */
  readonly startedSeq: number;
};

/** A fold as JSON, for a checkpoint. */
export type NodeFoldState = {
  readonly seq: number;
  readonly lastMs: number;
  readonly agent: AgentFacts;
  readonly facts?: ClusterNode | undefined;
  readonly pods: readonly ClusterPod[];
  readonly snapshot?: KernelSnapshot | undefined;
  readonly findings: readonly Finding[];
  readonly drifts: readonly Drift[];
  readonly active: readonly (readonly [string, ActiveAdd])[];
  readonly histories: readonly (readonly [PodKey, PodHistory])[];
  readonly pruneAbove: number;
  readonly recent: RecentColumns;
};

/**
 * The fold of one node's stream: fed entries in their order, asked for the topology of a time at or after the newest of
 * them. It has no clock: the same entries and the same time give an equal topology, in the live server, in a rebuild from
 * the log, and in one that begins at a saved state.
 */
export class NodeFold {
  readonly name: string;
  #seq: number;
  #lastMs: number;
  #agent: AgentFacts;
  #facts: ClusterNode | undefined;
  readonly #pods: Map<PodKey, ClusterPod>;
  #snapshot: KernelSnapshot | undefined;
  #findings: readonly Finding[];
  #drifts: readonly Drift[];
  readonly #invocations: MutableInvocationFold;
  #pruneAbove: number;
  readonly recent: RecentInvocations;

  constructor(name: string, state?: NodeFoldState) {
    this.name = name;
    this.#seq = state?.seq ?? 0;
    this.#lastMs = state?.lastMs ?? 0;
    this.#agent = state?.agent ?? {};
    this.#facts = state?.facts;
    this.#pods = new Map(state?.pods.map((pod) => [podKeyOf(pod), pod]));
    this.#snapshot = state?.snapshot;
    this.#findings = state?.findings ?? [];
    this.#drifts = state?.drifts ?? [];
    this.#invocations = { active: new Map(state?.active), pods: new Map(state?.histories) };
    this.#pruneAbove = state?.pruneAbove ?? PRUNED_ABOVE_PODS;
    this.recent = new RecentInvocations(state?.recent);
  }

  /** Of the newest entry, 0 before the first. */
  get seq(): number {
    return this.#seq;
  }

  /** Time of the newest entry. */
  get lastMs(): number {
    return this.#lastMs;
  }

  get agent(): AgentFacts {
    return this.#agent;
  }

  get findings(): readonly Finding[] {
    return this.#findings;
  }

  get snapshot(): KernelSnapshot | undefined {
    return this.#snapshot;
  }

  /** True while the cluster names the node, or a pod on it. */
  get isInCluster(): boolean {
    return this.#facts !== undefined || this.#pods.size > 0;
  }

  /** `summary`: of the invocation, where somebody has made it. */
  apply(entry: LogEntry, summary?: InvocationSummary): void {
    const { body } = entry;
    const before = this.#agent;
    this.#seq = entry.seq;
    this.#lastMs = entry.receivedMs;
    this.#agent = foldAgent(before, entry);
    switch (body.type) {
      case 'kernel.snapshot':
        this.#snapshot = body.snapshot;
        return;
      case 'kernel.delta':
        if (this.#agent.kernel !== before.kernel && this.#agent.kernel?.isBroken === false) this.#change(body.delta);
        return;
      case 'invocation':
        this.#addInvocation(body.event, summary ?? summarizeInvocation(body.event, this.name), entry.receivedMs);
        return;
      case 'agent.findings':
        this.#findings = body.findings;
        return;
      case 'drift':
        if (this.#drifts.some((each) => each.id === body.drift.id)) return;
        this.#drifts = [body.drift, ...this.#drifts].slice(0, KEPT_DRIFTS);
        return;
      case 'cluster.put':
        this.#put(body.fact);
        return;
      case 'cluster.remove':
        if (body.kind === 'node') this.#facts = undefined;
        if (body.kind === 'pod') this.#pods.delete(body.key as PodKey);
        return;
      case 'node.forgotten':
        this.#forget();
        return;
      case 'agent.hello':
      case 'agent.status':
      case 'journal.problem':
      case 'command.result':
      case 'cluster.source':
      case 'cluster.problem':
      case 'cluster.blind-spots':
      case 'cluster.synced':
      case 'collector.started':
        return;
      default:
        assertNever(body);
    }
  }

  /** The node as it was; `undefined` where it was not there: neither in the cluster nor with an agent that spoke. */
  topology(asked: AskedTime): NodeTopology | undefined {
    if (!isVisible(this, asked)) return undefined;
    return joinNodeTopology({
      name: this.name,
      facts: this.#facts,
      pods: [...this.#pods.values()],
      snapshot: this.#snapshot,
      invocations: this.#invocations,
      agent: describeAgent(this.#agent, asked.atMs, asked.startedSeq),
      findings: this.#findings,
      drifts: this.#drifts,
      hasCluster: asked.hasCluster,
    });
  }

  measure(atMs: number): InvocationStatistics {
    return this.recent.measure(atMs);
  }

  save(): NodeFoldState {
    return {
      seq: this.#seq,
      lastMs: this.#lastMs,
      agent: this.#agent,
      facts: this.#facts,
      pods: [...this.#pods.values()],
      snapshot: this.#snapshot,
      findings: this.#findings,
      drifts: this.#drifts,
      active: [...this.#invocations.active],
      histories: [...this.#invocations.pods],
      pruneAbove: this.#pruneAbove,
      recent: this.recent.save(),
    };
  }

  #forget(): void {
    this.#facts = undefined;
    this.#snapshot = undefined;
    this.#findings = [];
    this.#drifts = [];
    for (const kept of [this.#pods, this.#invocations.active, this.#invocations.pods]) kept.clear();
  }

  #change(delta: KernelDelta): void {
    const applied = this.#snapshot && applyKernelDelta(this.#snapshot, delta);
    if (applied?.ok) this.#snapshot = applied.value;
    else this.#agent = breakKernel(this.#agent);
  }

  #addInvocation(event: InvocationEvent, summary: InvocationSummary, receivedMs: number): void {
    addInvocation(this.#invocations, event, summary);
    this.recent.add(summary, receivedMs);
    const { pods } = this.#invocations;
    if (pods.size <= this.#pruneAbove) return;
    pruneInvocationFold(this.#invocations, (pod) => this.#pods.has(pod));
    this.#pruneAbove = Math.max(PRUNED_ABOVE_PODS, 2 * pods.size);
  }

  #put(fact: ClusterFact): void {
    if (fact.kind === 'node') this.#facts = fact.object;
    if (fact.kind === 'pod') this.#pods.set(podKeyOf(fact.object), fact.object);
  }
}

/** A node is there while the cluster names it or its agent speaks; a silent stranger is gone once the cluster is known. */
export function isVisible(
  node: { readonly isInCluster: boolean; readonly agent: AgentFacts },
  asked: AskedTime,
): boolean {
  if (node.isInCluster) return true;
  if (node.agent.heard === undefined) return false;
  return !asked.isSynced || describeAgent(node.agent, asked.atMs, asked.startedSeq).state === 'live';
}
