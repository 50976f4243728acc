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
import { type ClusterChange, foldClusterChanges, weighChange } from './fold-cluster-changes.ts';

/** A list of 150,000 pods is written in slices of this many, so that nobody waits for all of them. */
const SLICE_CHANGES = 500;
const RETRY_MS = 1_000;
/** So many objects wait for the store in their order; more are folded. */
const WAITING_OBJECTS = 2_000;

/**
 * Writes down what the watch sees: only what differs from what the log says already. A pod belongs to the stream of its
 * node; one that is given to another node is removed from the first. Where the disk is full, changes wait in their order;
 * when they are many, of each object only the newest.
 */
export class ClusterRecorder implements ClusterSink {
  readonly #recorder: LogRecorder;
  readonly #log: Logger;
  #waiting: ClusterChange[] = [];
  #waitingObjects = 0;
  /** Beyond this they are folded. */
  #foldAbove = WAITING_OBJECTS;
  #foldedChanges = 0;
  #next: NodeJS.Immediate | undefined;
  #retry: NodeJS.Timeout | undefined;
  #isClosed = false;
  #said = new Map<string, string>();

  constructor(recorder: LogRecorder, log: Logger) {
    this.#recorder = recorder;
    this.#log = log;
  }

  /** What the watch saw and the log will never tell, since later changes came while the store took none. */
  get foldedChanges(): number {
    return this.#foldedChanges;
  }

  /** Objects that wait to be written. */
  get waitingObjects(): number {
    return this.#waitingObjects;
  }

  put<K extends ClusterKind>(kind: K, object: ClusterObjects[K]): void {
    this.#do({ type: 'put', fact: { kind, object } as ClusterFact });
  }

  remove(kind: ClusterKind, key: string): void {
    this.#do({ type: 'remove', kind, key });
  }

  replace<K extends ClusterKind>(kind: K, objects: readonly ClusterObjects[K][]): void {
    this.#do({ type: 'replace', kind, facts: objects.map((object) => ({ kind, object }) as ClusterFact) });
  }

  setProblem(problem: string | undefined): void {
    this.#do({ type: 'say', body: { type: 'cluster.problem', ...(problem !== undefined && { problem }) } });
  }

  setBlindSpots(blindSpots: readonly string[]): void {
    this.#do({ type: 'say', body: { type: 'cluster.blind-spots', blindSpots: [...blindSpots] } });
  }

  setSynced(): void {
    this.#do({ type: 'say', body: { type: 'cluster.synced' } });
  }

  setSource(source: ClusterSource): void {
    this.#do({ type: 'say', body: { type: 'cluster.source', ...source } });
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    clearImmediate(this.#next);
  }

  #write(change: Exclude<ClusterChange, { type: 'replace' }>, append: Append): void {
    if (change.type === 'put') this.#put(change.fact, append);
    else if (change.type === 'remove') this.#remove(change, append);
    else this.#say(change.body, append);
  }

  /** A word about the watch itself; the same word twice is one entry. */
  #say(body: EntryBody, append: Append): void {
    const text = JSON.stringify(body);
    const isNothing = !this.#said.has(body.type) && text === '{"type":"cluster.problem"}';
    if (isNothing || this.#said.get(body.type) === text) return;
    this.#said.set(body.type, text);
    append(CLUSTER_STREAM, body);
  }

  #put(fact: ClusterFact, append: Append): void {
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
  }

  #remove({ kind, key }: { readonly kind: ClusterKind; readonly key: string }, append: Append): void {
    const { facts } = this.#recorder.store;
    const known = facts.find(kind, key);
    if (known === undefined) return;
    append(known.stream, { type: 'cluster.remove', kind, key });
    facts.remove(kind, key);
  }

  #do(change: ClusterChange): void {
    this.#waiting.push(change);
    this.#waitingObjects += weighChange(change);
    if (this.#retry !== undefined) this.#fold();
    else if (this.#next === undefined) this.#run();
  }

  #run(): void {
    this.#next = undefined;
    this.#retry = undefined;
    if (this.#isClosed) return;
    const slice = this.#takeSlice();
    const said = new Map(this.#said);
    try {
      this.#recorder.record((append) => {
        for (const change of slice) this.#write(change, append);
      });
    } catch (error) {
      if (!isStorageError(error)) throw error;
      this.#log.warn({ err: error }, 'changes of the cluster wait for the event store');
      this.#said = said;
      this.#keep([...slice, ...this.#waiting]);
      this.#fold();
      this.#retry = setTimeout(() => this.#run(), RETRY_MS);
      return;
    }
    if (this.#waiting.length > 0) this.#next = setImmediate(() => this.#run());
    else this.#foldAbove = WAITING_OBJECTS;
  }

  /** A list is compared with what the log says by then, so what stands before it has to be written first. */
  #takeSlice(): readonly Exclude<ClusterChange, { type: 'replace' }>[] {
    const [first] = this.#waiting;
    if (first?.type === 'replace') this.#keep([...this.#expand(first), ...this.#waiting.slice(1)]);
    const end = this.#waiting.findIndex(({ type }) => type === 'replace');
    const slice = this.#waiting.splice(0, Math.min(SLICE_CHANGES, end < 0 ? this.#waiting.length : end));
    this.#waitingObjects -= slice.length;
    return slice.filter((change) => change.type !== 'replace');
  }

  #expand({ kind, facts }: Extract<ClusterChange, { type: 'replace' }>): readonly ClusterChange[] {
    const named = new Set(facts.map(({ object }) => clusterKey(object)));
    const gone = this.#recorder.store.facts.listKeys(kind).filter((key) => !named.has(key));
    return [
      ...gone.map((key) => ({ type: 'remove', kind, key }) as const),
      ...facts.map((fact) => ({ type: 'put', fact }) as const),
    ];
  }

  /** The store takes nothing: what waits must not grow with the time that it does not. */
  #fold(): void {
    if (this.#waitingObjects <= this.#foldAbove) return;
    const before = this.#waitingObjects;
    const { facts } = this.#recorder.store;
    this.#keep(foldClusterChanges(this.#waiting, (kind, key) => facts.find(kind, key) !== undefined));
    this.#foldedChanges += before - this.#waitingObjects;
    this.#foldAbove = WAITING_OBJECTS + 2 * this.#waitingObjects;
  }

  #keep(changes: readonly ClusterChange[]): void {
    this.#waiting = [...changes];
    this.#waitingObjects = changes.reduce((sum, change) => sum + weighChange(change), 0);
  }
}

function streamOf(fact: ClusterFact): string {
  if (fact.kind === 'node') return fact.object.name;
  return fact.kind === 'pod' ? (fact.object.nodeName ?? CLUSTER_STREAM) : CLUSTER_STREAM;
}
