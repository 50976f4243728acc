import type { Logger } from 'pino';
import { CLUSTER_STREAM, type ClusterFact, type EntryBody } from '#model/log/log-entry.ts';
import type { Append, LogRecorder } from '../collector/log-recorder.ts';
import { isStorageError } from '../store/storage-error.ts';
import {
  type ClusterKind,
  type ClusterObjects,
  type ClusterSink,
  type ClusterSource,
  clusterKey,
} from './cluster-sink.ts';

/** One change of the cluster, to be written together with others; or a list, which becomes changes when its turn comes. */
type Step = (append: Append) => void;
type Turn = Step | { readonly expand: () => readonly Step[] };

/** A list of 150,000 pods is written in slices of this many, so that nobody waits for all of them. */
const SLICE_STEPS = 500;
const RETRY_MS = 1_000;

/**
 * Writes down what the watch sees: only what differs from what the log says already. A pod belongs to the stream of its
 * node; one that is given to another node is removed from the first. Where the disk is full, changes wait in their order.
 */
export class ClusterRecorder implements ClusterSink {
  readonly #recorder: LogRecorder;
  readonly #log: Logger;
  #turns: Turn[] = [];
  #next: NodeJS.Immediate | undefined;
  #retry: NodeJS.Timeout | undefined;
  #isClosed = false;
  #said = new Map<string, string>();

  constructor(recorder: LogRecorder, log: Logger) {
    this.#recorder = recorder;
    this.#log = log;
  }

  put<K extends ClusterKind>(kind: K, object: ClusterObjects[K]): void {
    this.#do(this.#putStep({ kind, object } as ClusterFact));
  }

  remove(kind: ClusterKind, key: string): void {
    this.#do(this.#removeStep(kind, key));
  }

  replace<K extends ClusterKind>(kind: K, objects: readonly ClusterObjects[K][]): void {
    this.#do({
      expand: () => {
        const named = new Set(objects.map(clusterKey));
        const gone = this.#recorder.store.facts.listKeys(kind).filter((key) => !named.has(key));
        return [
          ...gone.map((key) => this.#removeStep(kind, key)),
          ...objects.map((object) => this.#putStep({ kind, object } as ClusterFact)),
        ];
      },
    });
  }

  setProblem(problem: string | undefined): void {
    this.#say({ type: 'cluster.problem', ...(problem !== undefined && { problem }) });
  }

  setBlindSpots(blindSpots: readonly string[]): void {
    this.#say({ type: 'cluster.blind-spots', blindSpots: [...blindSpots] });
  }

  setSynced(): void {
    this.#say({ type: 'cluster.synced' });
  }

  setSource(source: ClusterSource): void {
    this.#say({ type: 'cluster.source', ...source });
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    clearImmediate(this.#next);
  }

  /** A word about the watch itself; the same word twice is one entry. */
  #say(body: EntryBody): void {
    const text = JSON.stringify(body);
    this.#do((append) => {
      const isNothing = !this.#said.has(body.type) && text === '{"type":"cluster.problem"}';
      if (isNothing || this.#said.get(body.type) === text) return;
      this.#said.set(body.type, text);
      append(CLUSTER_STREAM, body);
    });
  }

  #putStep(fact: ClusterFact): Step {
    return (append) => {
      const { facts } = this.#recorder.store;
      const key = clusterKey(fact.object);
      const stream = streamOf(fact);
      const object = JSON.stringify(fact.object);
      const known = facts.find(fact.kind, key);
      if (known?.object === object && known.stream === stream) return;
      if (known !== undefined && known.stream !== stream) {
        append(known.stream, { type: 'cluster.remove', kind: fact.kind, key });
      }
      append(stream, { type: 'cluster.put', fact });
      facts.put(fact.kind, { key, stream, object });
    };
  }

  #removeStep(kind: ClusterKind, key: string): Step {
    return (append) => {
      const { facts } = this.#recorder.store;
      const known = facts.find(kind, key);
      if (known === undefined) return;
      append(known.stream, { type: 'cluster.remove', kind, key });
      facts.remove(kind, key);
    };
  }

  #do(turn: Turn): void {
    this.#turns.push(turn);
    if (this.#next === undefined && this.#retry === undefined) this.#run();
  }

  #run(): void {
    this.#next = undefined;
    this.#retry = undefined;
    if (this.#isClosed) return;
    const slice = this.#takeSlice();
    const said = new Map(this.#said);
    try {
      this.#recorder.record((append) => {
        for (const step of slice) step(append);
      });
    } catch (error) {
      if (!isStorageError(error)) throw error;
      this.#log.warn({ err: error }, 'changes of the cluster wait for the event store');
      this.#said = said;
      this.#turns = [...slice, ...this.#turns];
      this.#retry = setTimeout(() => this.#run(), RETRY_MS);
      return;
    }
    if (this.#turns.length > 0) this.#next = setImmediate(() => this.#run());
  }

  /** A list is compared with what the log says by then, so what stands before it has to be written first. */
  #takeSlice(): readonly Step[] {
    const [first] = this.#turns;
    if (typeof first === 'object') this.#turns = [...first.expand(), ...this.#turns.slice(1)];
    const end = this.#turns.findIndex((turn) => typeof turn === 'object');
    const slice = this.#turns.splice(0, Math.min(SLICE_STEPS, end < 0 ? this.#turns.length : end));
    return slice as readonly Step[];
  }
}

function streamOf(fact: ClusterFact): string {
  if (fact.kind === 'node') return fact.object.name;
  return fact.kind === 'pod' ? (fact.object.nodeName ?? CLUSTER_STREAM) : CLUSTER_STREAM;
}
