import { type KubeConfig, type KubernetesObject, Watch } from '@kubernetes/client-node';
import type { Logger } from 'pino';
import { CLUSTER_RESOURCES, type ClusterResource, pathOf } from './cluster-resource.ts';
import type { ClusterKind, ClusterSink } from './cluster-sink.ts';
import { type Extent, type FollowListener, ResourceFollower, WATCH_PACE, type WatchPace } from './follow-resource.ts';
import { PageReader } from './page-reader.ts';
import type { WatchCounts } from './watch-counts.ts';

/**
 * A stream that says nothing for so long is taken for dead and opened again where it was. The API server sends a bookmark
 * about once a minute (k8s.io/apiserver pkg/storage/cacher, bookmarkFrequency).
 */
const SILENT_STREAM_MS = 75_000;

const STATES = { all: 'following', some: 'limited', none: 'blind' } as const;
/** Unreadable objects that are remembered by name; more are only logged. */
const MOST_PROBLEMS = 1_000;

type Client = { readonly watch: Watch; readonly reader: PageReader };

type Options = {
  readonly sink: ClusterSink;
  readonly log: Logger;
  readonly counts: WatchCounts;
  /** Where the API server forbids to look into all: these, one by one. */
  readonly namespaces: readonly string[];
  readonly pace?: WatchPace;
};

/** Follows nodes, pods, services and endpoint slices, each on its own, and says what is wrong and what may not be seen. */
export class ClusterWatch implements Disposable {
  readonly #options: Options;
  readonly #server: string;
  readonly #stop = new AbortController();
  readonly #broken = new Map<string, string>();
  readonly #blindSpots = new Map<ClusterKind, string>();
  readonly #extents = new Map<ClusterKind, Extent>();

  constructor(config: KubeConfig, options: Options) {
    this.#options = options;
    this.#server = config.getCurrentCluster()?.server ?? 'the API server';
    // A private field of the client, 30 s by itself: less than the time between two bookmarks.
    const watch = Object.assign(new Watch(config), { requestTimeoutMs: SILENT_STREAM_MS });
    const client = { watch, reader: config.makeApiClient(PageReader) };
    this.#follow(CLUSTER_RESOURCES.node, client);
    this.#follow(CLUSTER_RESOURCES.pod, client);
    this.#follow(CLUSTER_RESOURCES.service, client);
    this.#follow(CLUSTER_RESOURCES.endpointSlice, client);
  }

  [Symbol.dispose](): void {
    this.#stop.abort();
  }

  #follow<K extends ClusterKind, T extends KubernetesObject>(resource: ClusterResource<K, T>, client: Client): void {
    const { sink, namespaces, pace = WATCH_PACE } = this.#options;
    const parts = { resource, ...client, sink, namespaces, pace, listener: this.#listenTo(resource) };
    void new ResourceFollower(parts, this.#stop.signal).run();
  }

  #listenTo<K extends ClusterKind, T extends KubernetesObject>(resource: ClusterResource<K, T>): FollowListener {
    const { kind } = resource;
    const { counts, sink } = this.#options;
    return {
      listed: (extent) => {
        counts.listed(kind);
        counts.turned(kind, STATES[extent]);
        this.#extents.set(kind, extent);
        // Only who sees every node can say that one is missing, and only who has asked for pods that it has none.
        if (this.#extents.get('node') === 'all' && this.#extents.has('pod')) sink.setSynced();
      },
      changed: (type) => counts.changed(kind, type),
      problem: (problem) => {
        if (problem !== undefined) counts.turned(kind, 'broken');
        else if (this.#extents.has(kind)) counts.turned(kind, STATES[this.#extents.get(kind) ?? 'none']);
        this.#tell(pathOf(resource, undefined), problem);
      },
      blind: (blindSpot) => this.#tellBlind(kind, blindSpot),
      leftOut: (name, problem) => this.#tell(name, problem && `left out: ${problem}`),
    };
  }

  /** Keeps what is wrong with a path, or with one object of it; the view shows the oldest. */
  #tell(subject: string, problem: string | undefined): void {
    if (this.#stop.signal.aborted) return;
    if (problem === undefined && !this.#broken.delete(subject)) return;
    if (problem !== undefined) {
      const isKnown = this.#broken.has(subject);
      if (!isKnown) this.#options.log.warn({ path: subject, problem }, 'the watch is not whole');
      if (isKnown || this.#broken.size < MOST_PROBLEMS) this.#broken.set(subject, problem);
    }
    const [first] = this.#broken;
    this.#options.sink.setProblem(first && `${this.#server}${first[0]}: ${first[1]}`);
  }

  #tellBlind(kind: ClusterKind, blindSpot: string | undefined): void {
    if (this.#blindSpots.get(kind) === blindSpot) return;
    if (blindSpot === undefined) this.#blindSpots.delete(kind);
    else {
      this.#options.log.warn({ kind, blindSpot }, 'the API server does not let us see all');
      this.#blindSpots.set(kind, blindSpot);
    }
    this.#options.sink.setBlindSpots([...this.#blindSpots.values()].sort());
  }
}
