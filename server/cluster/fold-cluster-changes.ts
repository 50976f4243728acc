import type { ClusterFact, EntryBody } from '#model/log/log-entry.ts';
import { type ClusterKind, clusterKey } from './cluster-sink.ts';

/** One thing that the watch has seen, or a word about the watch itself. */
export type ClusterChange =
  | { readonly type: 'put'; readonly fact: ClusterFact }
  | { readonly type: 'remove'; readonly kind: ClusterKind; readonly key: string }
  | { readonly type: 'replace'; readonly kind: ClusterKind; readonly facts: readonly ClusterFact[] }
  | { readonly type: 'say'; readonly body: EntryBody };

type Kept = { readonly isWhole: boolean; readonly facts: Map<string, ClusterFact | undefined> };

/** What changes weigh in memory, in objects. */
export const weighChange = (change: ClusterChange): number =>
  change.type === 'replace' ? Math.max(1, change.facts.length) : 1;

/**
 * The same outcome in fewer changes: of each object, and of each word, the newest. A list stands for what came before it of
 * its kind. What is gone again is left out where `isKnown` says that the log has never heard of it, so that what is left is
 * bounded by the objects of the cluster and of the log, however long changes have to wait.
 */
export function foldClusterChanges(
  changes: readonly ClusterChange[],
  isKnown: (kind: ClusterKind, key: string) => boolean,
): readonly ClusterChange[] {
  const kinds = new Map<ClusterKind, Kept>();
  const words = new Map<EntryBody['type'], ClusterChange>();
  for (const change of changes) {
    if (change.type === 'say') {
      words.delete(change.body.type);
      words.set(change.body.type, change);
    } else {
      foldObject(kinds, change);
    }
  }
  // Words come last: that the lists are complete must not be said before they are.
  return [...[...kinds].flatMap(([kind, kept]) => listKept(kind, kept, isKnown)), ...words.values()];
}

function foldObject(kinds: Map<ClusterKind, Kept>, change: Exclude<ClusterChange, { type: 'say' }>): void {
  if (change.type === 'replace') {
    const facts = new Map(change.facts.map((fact) => [clusterKey(fact.object), fact] as const));
    kinds.set(change.kind, { isWhole: true, facts });
    return;
  }
  const kind = change.type === 'put' ? change.fact.kind : change.kind;
  const kept = kinds.get(kind) ?? { isWhole: false, facts: new Map() };
  kinds.set(kind, kept);
  if (change.type === 'put') kept.facts.set(clusterKey(change.fact.object), change.fact);
  else if (kept.isWhole) kept.facts.delete(change.key);
  else kept.facts.set(change.key, undefined);
}

function listKept(
  kind: ClusterKind,
  { isWhole, facts }: Kept,
  isKnown: (kind: ClusterKind, key: string) => boolean,
): readonly ClusterChange[] {
  if (isWhole) return [{ type: 'replace', kind, facts: [...facts.values()].filter((fact) => fact !== undefined) }];
  return [...facts].flatMap(([key, fact]): readonly ClusterChange[] => {
    if (fact !== undefined) return [{ type: 'put', fact }];
    return isKnown(kind, key) ? [{ type: 'remove', kind, key }] : [];
  });
}
