import type { AgentStatus } from '#model/agent/agent-status.ts';
import type { Drift } from '#model/agent/drift.ts';
import type { ClusterNode, ClusterPod } from '#model/cluster/cluster-facts.ts';
import type { InvocationEvent } from '#model/cni/invocation-event.ts';
import type { Finding } from '#model/findings/finding.ts';
import { applyKernelDelta } from '#model/kernel/apply-kernel-delta.ts';
import type { KernelDelta } from '#model/kernel/kernel-delta.ts';
import type { KernelSnapshot } from '#model/kernel/kernel-snapshot.ts';
import type { BatchHeader, BatchRecord } from '#model/protocol/agent-batch.ts';
import { emptyInvocationFold, foldInvocation, pruneInvocationFold } from '#model/topology/fold-invocation.ts';
import { joinNodeTopology } from '#model/topology/join-node-topology.ts';
import { measureInvocations, STATISTICS_WINDOW_MINUTES } from '#model/topology/measure-invocations.ts';
import { summarizeInvocation } from '#model/topology/summarize-invocation.ts';
import type {
  AgentState,
  InvocationStatistics,
  InvocationSummary,
  NodeTopology,
  PodKey,
} from '#model/topology/topology.ts';

/** An agent that was not heard for this long is stale. */
export const AGENT_SILENCE_MS = 10_000;
const PRUNED_ABOVE_PODS = 1_000;
const KEPT_DRIFTS = 50;

type Heard = { readonly lastSeen: string; readonly version: string; readonly bootId: string };

/** All that is known of one node, up to now; `join` turns it into the node's topology. */
export class NodeState {
  readonly name: string;
  facts: ClusterNode | undefined;
  readonly pods = new Map<PodKey, ClusterPod>();
  #snapshot: KernelSnapshot | undefined;
  /** True for a snapshot from before a restart: what changed since is not known. */
  #isRestored = false;
  #heard: Heard | undefined;
  #lagMs: number | undefined;
  #invocations = emptyInvocationFold;
  #recent: InvocationSummary[] = [];
  #status: AgentStatus | undefined;
  #findings: readonly Finding[] = [];
  #drifts: readonly Drift[] = [];

  constructor(name: string) {
    this.name = name;
  }

  get snapshot(): KernelSnapshot | undefined {
    return this.#snapshot;
  }

  get heard(): Heard | undefined {
    return this.#heard;
  }

  restore(snapshot: KernelSnapshot, agent: { readonly lastSeen: string; readonly version: string }): void {
    this.#snapshot = snapshot;
    this.#isRestored = true;
    this.#heard = { ...agent, bootId: snapshot.bootId };
  }

  hearAgent(header: Pick<BatchHeader, 'bootId' | 'agentVersion'>, receivedAt: string): void {
    this.#heard = { lastSeen: receivedAt, version: header.agentVersion, bootId: header.bootId };
  }

  putSnapshot(snapshot: KernelSnapshot): void {
    this.#snapshot = snapshot;
    this.#isRestored = false;
    this.#measureLag(snapshot.time);
  }

  /** False where the delta does not follow what is held; then it is left out, and `needsSnapshot` is true. */
  applyDelta(delta: KernelDelta): boolean {
    if (this.#snapshot === undefined || this.#isRestored) return false;
    const applied = applyKernelDelta(this.#snapshot, delta);
    if (!applied.ok) {
      this.#isRestored = true;
      return false;
    }
    this.#snapshot = applied.value;
    this.#measureLag(delta.time);
    return true;
  }

  needsSnapshot(bootId: string): boolean {
    return this.#snapshot === undefined || this.#isRestored || this.#snapshot.bootId !== bootId;
  }

  /** What the agent says of itself and of the node. */
  hearRecord(record: BatchRecord): void {
    if (record.type === 'agent.status') this.#status = record.status;
    if (record.type === 'agent.findings') this.#findings = record.findings;
    if (record.type === 'drift') this.#drifts = [record.drift, ...this.#drifts].slice(0, KEPT_DRIFTS);
  }

  addInvocation(event: InvocationEvent): void {
    this.#invocations = foldInvocation(this.#invocations, event, this.name);
    if (this.#invocations.pods.size > PRUNED_ABOVE_PODS) {
      this.#invocations = pruneInvocationFold(this.#invocations, (pod) => this.pods.has(pod));
    }
    this.#recent.push(summarizeInvocation(event, this.name));
  }

  agentState(now: Date): AgentState {
    if (this.#heard === undefined) return { state: 'never' };
    const silenceMs = now.getTime() - Date.parse(this.#heard.lastSeen);
    return {
      state: silenceMs < AGENT_SILENCE_MS && !this.#isOnlyRestored() ? 'live' : 'stale',
      lastSeen: this.#heard.lastSeen,
      version: this.#heard.version,
      ...(this.#snapshot !== undefined && { kernelTime: this.#snapshot.time }),
      ...(this.#lagMs !== undefined && { lagMs: this.#lagMs }),
      ...(this.#status !== undefined && { status: this.#status }),
    };
  }

  measure(now: Date): InvocationStatistics {
    const from = now.getTime() - STATISTICS_WINDOW_MINUTES * 60_000;
    this.#recent = this.#recent.filter((each) => Date.parse(each.startedAt) >= from);
    return measureInvocations(this.#recent, now);
  }

  join(now: Date, hasCluster: boolean): NodeTopology {
    return joinNodeTopology({
      name: this.name,
      facts: this.facts,
      pods: [...this.pods.values()],
      snapshot: this.#snapshot,
      invocations: this.#invocations,
      agent: this.agentState(now),
      findings: this.#findings,
      drifts: this.#drifts,
      hasCluster,
    });
  }

  /** Kernel state from an earlier run of this collector that no agent has confirmed yet. */
  #isOnlyRestored(): boolean {
    return this.#isRestored || this.#snapshot === undefined;
  }

  #measureLag(kernelTime: string): void {
    if (this.#heard === undefined) return;
    this.#lagMs = Math.max(0, Date.parse(this.#heard.lastSeen) - Date.parse(kernelTime));
  }
}
