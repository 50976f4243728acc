import { fail, type Result, succeed } from '#model/result.ts';
import type {
  EndpointSliceObject,
  KubernetesObject,
  NodeObject,
  ObjectKind,
  PodObject,
  ServiceObject,
} from './kubernetes-objects.ts';

export type StoreEvent = {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly revision: number;
  readonly object: KubernetesObject;
};

export type StoreListener = (event: StoreEvent) => void;

/** A watch that asks for a revision the store no longer (or not yet) knows: HTTP 410 in Kubernetes. */
export type Expired = { readonly revision: number };

/**
 * The API server's objects with one revision counter for all, as etcd has it, and a bounded history for watches.
 * Objects are never changed in place: every change is a new object with a new resourceVersion.
 */
export class ObjectStore {
  readonly #objects = new Map<string, KubernetesObject>();
  readonly #listeners = new Set<StoreListener>();
  readonly #historyLimit: number;
  #history: StoreEvent[] = [];
  #revision = 1;
  #undelivered: StoreEvent[] = [];
  #isDelivering = false;

  constructor(historyLimit = 1000) {
    this.#historyLimit = historyLimit;
  }

  get revision(): number {
    return this.#revision;
  }

  list<K extends ObjectKind>(kind: K): readonly Extract<KubernetesObject, { kind: K }>[] {
    const found = [...this.#objects.values()].filter((object) => object.kind === kind);
    return found as Extract<KubernetesObject, { kind: K }>[];
  }

  getNode(name: string): NodeObject | undefined {
    return this.#objects.get(`Node//${name}`) as NodeObject | undefined;
  }

  getPod(namespace: string, name: string): PodObject | undefined {
    return this.#objects.get(`Pod/${namespace}/${name}`) as PodObject | undefined;
  }

  getService(namespace: string, name: string): ServiceObject | undefined {
    return this.#objects.get(`Service/${namespace}/${name}`) as ServiceObject | undefined;
  }

  getEndpointSlice(namespace: string, name: string): EndpointSliceObject | undefined {
    return this.#objects.get(`EndpointSlice/${namespace}/${name}`) as EndpointSliceObject | undefined;
  }

  /** Adds or replaces; the resourceVersion is given here. */
  put<T extends KubernetesObject>(object: T): T {
    const key = objectKey(object);
    const type = this.#objects.has(key) ? 'MODIFIED' : 'ADDED';
    const stored = this.#stamp(object);
    this.#objects.set(key, stored);
    this.#publish(type, stored);
    return stored;
  }

  remove(object: KubernetesObject): void {
    const known = this.#objects.get(objectKey(object));
    if (known === undefined || known.metadata.uid !== object.metadata.uid) return;
    this.#objects.delete(objectKey(object));
    this.#publish('DELETED', this.#stamp(known));
  }

  /** Calls the listener for everything after `sinceRevision`, first what is past, then as it happens. */
  watch(sinceRevision: number, listener: StoreListener): Result<() => void, Expired> {
    const oldest = this.#history[0]?.revision ?? this.#revision + 1;
    const isForgotten = sinceRevision < oldest - 1 && this.#history.length >= this.#historyLimit;
    if (isForgotten || sinceRevision > this.#revision) return fail({ revision: this.#revision });
    for (const event of this.#history) if (event.revision > sinceRevision) listener(event);
    return succeed(this.subscribe(listener));
  }

  subscribe(listener: StoreListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #stamp<T extends KubernetesObject>(object: T): T {
    this.#revision += 1;
    return { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#revision) } };
  }

  /** A listener may change objects itself: every listener still hears all changes in the order of their revisions. */
  #publish(type: StoreEvent['type'], object: KubernetesObject): void {
    const event = { type, revision: this.#revision, object };
    this.#history.push(event);
    if (this.#history.length > this.#historyLimit) this.#history = this.#history.slice(-this.#historyLimit);
    this.#undelivered.push(event);
    if (this.#isDelivering) return;
    this.#isDelivering = true;
    for (let next = this.#undelivered.shift(); next !== undefined; next = this.#undelivered.shift()) {
      for (const listener of [...this.#listeners]) listener(next);
    }
    this.#isDelivering = false;
  }
}

function objectKey(object: KubernetesObject): string {
  return `${object.kind}/${object.metadata.namespace ?? ''}/${object.metadata.name}`;
}
