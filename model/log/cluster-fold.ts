import type { ClusterEndpointSlice, ClusterPod, ClusterService } from '../cluster/cluster-facts.ts';
import type { ClusterHead } from '../topology/join-cluster-topology.ts';
import type { ClusterFact, LogEntry } from './log-entry.ts';
import type { AskedTime } from './node-fold.ts';

/** A fold as JSON, for a checkpoint. */
export type ClusterFoldState = {
  readonly seq: number;
  readonly lastMs: number;
  readonly startedSeq: number;
  readonly source: ClusterHead['source'];
  readonly server?: string | undefined;
  readonly problem?: string | undefined;
  readonly blindSpots: readonly string[];
  readonly isSynced: boolean;
  readonly unscheduled: readonly (readonly [string, ClusterPod])[];
  readonly services: readonly (readonly [string, ClusterService])[];
  readonly endpointSlices: readonly (readonly [string, ClusterEndpointSlice])[];
};

/** The fold of the cluster's own stream: the watch, and what belongs to no node. Without a clock, as NodeFold. */
export class ClusterFold {
  #seq: number;
  #lastMs: number;
  #startedSeq: number;
  #source: ClusterHead['source'];
  #server: string | undefined;
  #problem: string | undefined;
  #blindSpots: readonly string[];
  #isSynced: boolean;
  readonly #unscheduled: Map<string, ClusterPod>;
  readonly #services: Map<string, ClusterService>;
  readonly #endpointSlices: Map<string, ClusterEndpointSlice>;

  constructor(state?: ClusterFoldState) {
    this.#seq = state?.seq ?? 0;
    this.#lastMs = state?.lastMs ?? 0;
    this.#startedSeq = state?.startedSeq ?? 0;
    this.#source = state?.source ?? 'none';
    this.#server = state?.server;
    this.#problem = state?.problem;
    this.#blindSpots = state?.blindSpots ?? [];
    this.#isSynced = state?.isSynced ?? false;
    this.#unscheduled = new Map(state?.unscheduled);
    this.#services = new Map(state?.services);
    this.#endpointSlices = new Map(state?.endpointSlices);
  }

  get seq(): number {
    return this.#seq;
  }

  /** Time of the newest entry. */
  get lastMs(): number {
    return this.#lastMs;
  }

  get unscheduled(): ReadonlyMap<string, ClusterPod> {
    return this.#unscheduled;
  }

  get services(): ReadonlyMap<string, ClusterService> {
    return this.#services;
  }

  get endpointSlices(): ReadonlyMap<string, ClusterEndpointSlice> {
    return this.#endpointSlices;
  }

  /** What the nodes need to know of the cluster at a time. */
  ask(atMs: number): AskedTime {
    const hasCluster = this.#source !== 'none' && this.#isSynced;
    return { atMs, startedSeq: this.#startedSeq, isSynced: this.#isSynced, hasCluster };
  }

  head(): ClusterHead {
    return {
      source: this.#source,
      server: this.#server,
      problem: this.#problem,
      blindSpots: this.#blindSpots,
      unscheduledPods: this.#unscheduled.size,
    };
  }

  apply(entry: LogEntry): void {
    const { body } = entry;
    this.#seq = entry.seq;
    this.#lastMs = entry.receivedMs;
    if (body.type === 'collector.started') {
      this.#startedSeq = entry.seq;
      this.#source = body.source;
      this.#server = undefined;
      this.#problem = undefined;
      this.#blindSpots = [];
      this.#isSynced = false;
    } else if (body.type === 'cluster.source') {
      this.#source = body.source;
      this.#server = body.server;
    } else if (body.type === 'cluster.problem') {
      this.#problem = body.problem;
    } else if (body.type === 'cluster.blind-spots') {
      this.#blindSpots = body.blindSpots;
    } else if (body.type === 'cluster.synced') {
      this.#isSynced = true;
    } else if (body.type === 'cluster.put') {
      this.#put(body.fact);
    } else if (body.type === 'cluster.remove') {
      if (body.kind === 'pod') this.#unscheduled.delete(body.key);
      if (body.kind === 'service') this.#services.delete(body.key);
      if (body.kind === 'endpointSlice') this.#endpointSlices.delete(body.key);
    }
  }

  save(): ClusterFoldState {
    return {
      seq: this.#seq,
      lastMs: this.#lastMs,
      startedSeq: this.#startedSeq,
      source: this.#source,
      server: this.#server,
      problem: this.#problem,
      blindSpots: this.#blindSpots,
      isSynced: this.#isSynced,
      unscheduled: [...this.#unscheduled],
      services: [...this.#services],
      endpointSlices: [...this.#endpointSlices],
    };
  }

  #put(fact: ClusterFact): void {
    if (fact.kind === 'node') return;
    const key = `${fact.object.namespace}/${fact.object.name}`;
    if (fact.kind === 'pod') this.#unscheduled.set(key, fact.object);
    else if (fact.kind === 'service') this.#services.set(key, fact.object);
    else this.#endpointSlices.set(key, fact.object);
  }
}
