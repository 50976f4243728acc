import { ClusterFold, type ClusterFoldState } from '#model/log/cluster-fold.ts';
import { CLUSTER_STREAM, type LogEntry } from '#model/log/log-entry.ts';
import { NodeFold, type NodeFoldState } from '#model/log/node-fold.ts';
import { parseKept } from '../store/encode-body.ts';
import type { Store } from '../store/store.ts';

/** What the entries since a checkpoint weigh: their bytes, and what folding one costs beside them. */
export const weighEntry = (bytes: number): number => bytes + ENTRY_WEIGHT;
const ENTRY_WEIGHT = 4_096;

export type Rebuilt<F> = {
  readonly fold: F;
  /** Of the entries after the checkpoint that it began with. */
  readonly weight: number;
  /** Length of the state in that checkpoint as JSON. */
  readonly stateBytes: number;
};

/** A node's stream as it was up to a place in the log: the newest checkpoint before it, then every entry since. */
export function rebuildNode(store: Store, name: string, upToSeq: number): Rebuilt<NodeFold> {
  return rebuild(store, { stream: name, upToSeq }, (text) =>
    text === undefined ? new NodeFold(name) : new NodeFold(name, parseKept<NodeFoldState>(text)),
  );
}

/** The cluster's stream, likewise. */
export function rebuildCluster(store: Store, upToSeq: number): Rebuilt<ClusterFold> {
  return rebuild(store, { stream: CLUSTER_STREAM, upToSeq }, (text) =>
    text === undefined ? new ClusterFold() : new ClusterFold(parseKept<ClusterFoldState>(text)),
  );
}

function rebuild<F extends { apply(entry: LogEntry): void }>(
  store: Store,
  wanted: { readonly stream: string; readonly upToSeq: number },
  begin: (text: string | undefined) => F,
): Rebuilt<F> {
  const checkpoint = store.checkpoints.find(wanted.stream, wanted.upToSeq);
  const fold = begin(checkpoint?.text);
  let weight = 0;
  const stretch = { afterSeq: checkpoint?.seq ?? 0, upToSeq: wanted.upToSeq };
  for (const { entry, bytes } of store.log.read(wanted.stream, stretch)) {
    fold.apply(entry);
    weight += weighEntry(bytes);
  }
  return { fold, weight, stateBytes: checkpoint?.text.length ?? 0 };
}
