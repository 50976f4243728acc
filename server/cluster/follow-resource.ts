import { setTimeout as sleep } from 'node:timers/promises';
import type { KubernetesObject, Watch } from '@kubernetes/client-node';
import { type ClusterResource, pathOf } from './cluster-resource.ts';
import { type ClusterKind, type ClusterObjects, type ClusterSink, clusterKey } from './cluster-sink.ts';
import { describeError, statusOf } from './describe-error.ts';
import type { PageReader } from './page-reader.ts';
import { type WatchedEvent, watchStream } from './watch-stream.ts';

/** Times of the watch, settable for tests. */
export type WatchPace = {
  readonly firstRetryMs: number;
  readonly lastRetryMs: number;
  /** How long a refusal (HTTP 403) stands before it is tried again whether we may see more by now. */
  readonly blindMs: number;
  /** Objects of one page of a list: no more than this is whole in memory. */
  readonly pageObjects: number;
};
export const WATCH_PACE: WatchPace = { firstRetryMs: 500, lastRetryMs: 15_000, blindMs: 300_000, pageObjects: 500 };

/** How much of a kind the API server lets us see. */
export type Extent = 'all' | 'some' | 'none';

/** What a follower tells beside the objects. */
export type FollowListener = {
  /** A list is complete. */
  readonly listed: (extent: Extent) => void;
  readonly changed: (type: 'put' | 'remove') => void;
  readonly problem: (problem: string | undefined) => void;
  /** What the API server does not let us see of this kind. */
  readonly blind: (blindSpot: string | undefined) => void;
  /** One object that cannot be read. It must not end the watch of all the others. */
  readonly leftOut: (name: string, problem: string | undefined) => void;
};

type Parts<K extends ClusterKind, T extends KubernetesObject> = {
  readonly resource: ClusterResource<K, T>;
  readonly reader: PageReader;
  readonly watch: Watch;
  readonly sink: ClusterSink;
  readonly listener: FollowListener;
  readonly pace: WatchPace;
  /** Looked into one by one where the API server does not let us see them all. */
  readonly namespaces: readonly string[];
};

/** `undefined`: all namespaces. The value is the resourceVersion up to which the scope is known. */
type Scopes = Map<string | undefined, string>;

const isGone = (error: unknown): boolean => statusOf(error) === 410;
/** Not for us (403), or not there: an old or a small API server need not have every kind (404). */
const isUnseen = (error: unknown): boolean => [403, 404].includes(statusOf(error) ?? 0);
/** Pages of a list whose continue token expired so often: then the list is taken in one piece, as client-go does. */
const EXPIRED_LISTS = 2;
/** A stream that ended sooner is not asked for again at once. */
const SHORT_STREAM_MS = 1_000;

/**
 * Follows one kind for ever: lists in pages, reduces each page before the next is read, then watches from there. Lists again
 * where the API server no longer knows the version (410), and only then: after any other failure the watch goes on where it
 * was. Keeps nothing but the version.
 */
export class ResourceFollower<K extends ClusterKind, T extends KubernetesObject> {
  readonly #parts: Parts<K, T>;
  readonly #signal: AbortSignal;
  #retryMs: number;
  #expiredLists = 0;

  constructor(parts: Parts<K, T>, signal: AbortSignal) {
    this.#parts = parts;
    this.#signal = signal;
    this.#retryMs = parts.pace.firstRetryMs;
  }

  /** Until aborted. Never rejects. */
  async run(): Promise<void> {
    let scopes: Scopes | undefined;
    while (!this.#signal.aborted) {
      try {
        scopes ??= await this.#list();
        if (scopes.size === 0) await this.#pause(this.#parts.pace.blindMs);
        else await this.#watch(scopes);
        // Returned, so the time to look whether we may see more has come.
        scopes = undefined;
      } catch (error) {
        if (this.#signal.aborted) return;
        if (isGone(error) || isUnseen(error)) scopes = undefined;
        else this.#parts.listener.problem(describeError(error));
        await this.#pause(this.#retryMs);
        this.#retryMs = Math.min(this.#parts.pace.lastRetryMs, this.#retryMs * 2);
      }
    }
  }

  /** Everything, or the namespaces that we may see; empty where that is nothing. */
  async #list(): Promise<Scopes> {
    const { resource, sink, listener } = this.#parts;
    const scopes: Scopes = new Map();
    const objects: ClusterObjects[K][] = [];
    const refusals = await this.#listScopes(scopes, objects);
    if (this.#signal.aborted) return scopes;
    sink.replace(resource.kind, objects);
    listener.blind(refusals);
    listener.listed(refusals === undefined ? 'all' : scopes.size > 0 ? 'some' : 'none');
    listener.problem(undefined);
    return scopes;
  }

  /** Answers what may not be seen, in words. */
  async #listScopes(scopes: Scopes, objects: ClusterObjects[K][]): Promise<string | undefined> {
    const { resource, namespaces } = this.#parts;
    try {
      await this.#listScope(undefined, scopes, objects);
      return undefined;
    } catch (error) {
      if (!isUnseen(error)) throw error;
      if (!resource.isNamespaced || statusOf(error) === 404) return `${resource.plural}: ${describeError(error)}`;
    }
    const refused: string[] = [];
    for (const namespace of namespaces) {
      try {
        await this.#listScope(namespace, scopes, objects);
      } catch (error) {
        if (!isUnseen(error)) throw error;
        refused.push(namespace);
      }
    }
    const seen = [...scopes.keys()].join(', ');
    const how = 'the API server does not allow it (HTTP 403)';
    if (seen === '') return `${resource.plural}: ${how}, neither of all namespaces nor of ${refused.join(', ')}`;
    return `${resource.plural} of other namespaces than ${seen}: ${how}`;
  }

  async #listScope(namespace: string | undefined, scopes: Scopes, objects: ClusterObjects[K][]): Promise<void> {
    const { resource, reader, pace } = this.#parts;
    let next: string | undefined;
    do {
      const isPaged = this.#expiredLists < EXPIRED_LISTS;
      const query = { ...(isPaged && { limit: pace.pageObjects }), ...(next && { continue: next }) };
      const page = await reader.read(pathOf(resource, namespace), query).catch((error: unknown) => {
        if (isGone(error)) this.#expiredLists += 1;
        throw error;
      });
      if (this.#signal.aborted) return;
      for (const item of page.items ?? []) {
        const reduced = this.#reduce(item as T);
        if (reduced !== undefined) objects.push(reduced);
      }
      next = page.metadata?.continue || undefined;
      scopes.set(namespace, page.metadata?.resourceVersion ?? '');
    } while (next !== undefined);
    this.#expiredLists = 0;
  }

  /** Until one scope fails, or until a limited view has stood for its time. */
  async #watch(scopes: Scopes): Promise<void> {
    const ended = new AbortController();
    const limits = scopes.has(undefined) ? [] : [AbortSignal.timeout(this.#parts.pace.blindMs)];
    const signal = AbortSignal.any([this.#signal, ended.signal, ...limits]);
    try {
      await Promise.all([...scopes.keys()].map((namespace) => this.#watchScope(namespace, scopes, signal)));
    } finally {
      ended.abort();
    }
  }

  async #watchScope(namespace: string | undefined, scopes: Scopes, signal: AbortSignal): Promise<void> {
    const { resource, watch, listener } = this.#parts;
    while (!signal.aborted) {
      const startedMs = performance.now();
      await watchStream(watch, {
        path: pathOf(resource, namespace),
        resourceVersion: scopes.get(namespace) ?? '',
        signal,
        onOpen: () => {
          this.#retryMs = this.#parts.pace.firstRetryMs;
          listener.problem(undefined);
        },
        onEvent: (event) => {
          this.#take(event);
          const version = (event.object as KubernetesObject).metadata?.resourceVersion;
          if (version) scopes.set(namespace, version);
        },
      });
      if (performance.now() - startedMs < SHORT_STREAM_MS) await this.#pause(this.#retryMs);
    }
  }

  #take({ type, object }: WatchedEvent): void {
    const { resource, sink, listener } = this.#parts;
    if (type === 'BOOKMARK') return;
    if (type === 'DELETED') {
      const { name, namespace } = (object as KubernetesObject).metadata ?? {};
      if (name === undefined) return;
      listener.leftOut(this.#name(object as KubernetesObject), undefined);
      sink.remove(resource.kind, clusterKey({ name, ...(resource.isNamespaced && { namespace: namespace ?? '' }) }));
      listener.changed('remove');
      return;
    }
    const reduced = this.#reduce(object as T);
    if (reduced === undefined) return;
    sink.put(resource.kind, reduced);
    listener.changed('put');
  }

  #reduce(object: T): ClusterObjects[K] | undefined {
    const { resource, listener } = this.#parts;
    try {
      const reduced = resource.reduce(object);
      if (reduced !== undefined) requireKey(reduced);
      listener.leftOut(this.#name(object), undefined);
      return reduced;
    } catch (error) {
      listener.leftOut(this.#name(object), describeError(error));
      return undefined;
    }
  }

  #name({ metadata }: KubernetesObject): string {
    return [pathOf(this.#parts.resource, undefined), metadata?.namespace, metadata?.name].filter(Boolean).join(' ');
  }

  async #pause(pauseMs: number): Promise<void> {
    await sleep(pauseMs, undefined, { signal: this.#signal }).catch(() => undefined);
  }
}

/** Names that Kubernetes itself would refuse cannot be told apart from another object's. */
function requireKey(object: ClusterObjects[ClusterKind]): void {
  const parts = 'namespace' in object ? [object.namespace, object.name] : [object.name];
  if (parts.some((part) => part === '' || part.includes('/'))) {
    throw new Error(`"${clusterKey(object)}" is no name of a Kubernetes object`);
  }
}
