import type { ClusterKind } from './cluster-sink.ts';

export const CLUSTER_KINDS: readonly ClusterKind[] = ['node', 'pod', 'service', 'endpointSlice'];

/** starting: no list yet; following: all is seen; limited: as much as may be seen; blind: nothing; broken: does not deliver. */
export const WATCH_STATES = ['starting', 'following', 'limited', 'blind', 'broken'] as const;
export type WatchState = (typeof WATCH_STATES)[number];

type KindCounts = { state: WatchState; lists: number; puts: number; removes: number };

/** What the watch has done, for the metrics. Outlives the watch, so that its counts never go back. */
export class WatchCounts {
  readonly #kinds = new Map<ClusterKind, KindCounts>(
    CLUSTER_KINDS.map((kind) => [kind, { state: 'starting', lists: 0, puts: 0, removes: 0 }]),
  );

  read(kind: ClusterKind): Readonly<KindCounts> {
    return this.#of(kind);
  }

  listed(kind: ClusterKind): void {
    this.#of(kind).lists += 1;
  }

  changed(kind: ClusterKind, type: 'put' | 'remove'): void {
    this.#of(kind)[type === 'put' ? 'puts' : 'removes'] += 1;
  }

  turned(kind: ClusterKind, state: WatchState): void {
    this.#of(kind).state = state;
  }

  #of(kind: ClusterKind): KindCounts {
    const counts = this.#kinds.get(kind);
    if (counts === undefined) throw new Error(`no counts are kept of ${kind}`);
    return counts;
  }
}
