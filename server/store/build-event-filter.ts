import type { SQLInputValue } from 'node:sqlite';
import { NODE_VERBS } from '#model/topology/invocation-owner.ts';

/** Conditions on invocations, all of which hold. */
export type EventFilter = {
  readonly node?: string | undefined;
  /** `<namespace>/<name>` */
  readonly pod?: string | undefined;
  readonly verb?: string | undefined;
  readonly outcome?: string | undefined;
  /** When the invocation started, milliseconds since the epoch, both ends included. */
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
  /** Only entries of the log before this one. */
  readonly beforeSeq?: number | undefined;
  /** Only entries of the log up to this one. */
  readonly upToSeq?: number | undefined;
  /** Only of pods of these namespaces, and what a runtime asked of the network itself. Absent: of everybody. */
  readonly owners?: EventOwners | undefined;
};

export type EventOwners = { readonly namespaces: 'all' | ReadonlySet<string>; readonly isWithNode: boolean };

/** The filter as SQL; values are bound, never printed into the text. */
export function buildEventFilter(filter: EventFilter): { readonly where: string; readonly values: SQLInputValue[] } {
  const conditions: readonly (readonly [string, SQLInputValue | undefined])[] = [
    ['node = ?', filter.node],
    ['pod = ?', filter.pod],
    ['verb = ?', filter.verb],
    ['outcome = ?', filter.outcome],
    ['started_ms >= ?', filter.fromMs],
    ['started_ms <= ?', filter.toMs],
    ['seq < ?', filter.beforeSeq],
    ['seq <= ?', filter.upToSeq],
  ];
  const used = conditions.flatMap(([text, value]) => (value === undefined ? [] : [{ text, value }]));
  const owned = filter.owners && writeOwners(filter.owners, filter.node !== undefined);
  const texts = [...used.map((each) => each.text), ...(owned === undefined ? [] : [owned.text])];
  return {
    where: texts.length === 0 ? '' : `WHERE ${texts.join(' AND ')}`,
    values: [...used.map((each) => each.value), ...(owned?.values ?? [])],
  };
}

const OF_THE_NODE = `pod IS NULL AND verb IN (${NODE_VERBS.map((verb) => `'${verb}'`).join(', ')})`;

/**
 * Of one node, whose rows are few, each is looked at. Of all nodes the index of pods has a stretch for each namespace: `0` follows
 * `/` in ASCII. So what it costs depends on what may be seen, not on what there is.
 */
function writeOwners({ namespaces, isWithNode }: EventOwners, isOfOneNode: boolean): Owned {
  const ofNode = isWithNode ? OF_THE_NODE : 'FALSE';
  if (namespaces === 'all') return { text: `(pod IS NOT NULL OR ${ofNode})`, values: [] };
  const values = [JSON.stringify([...namespaces])];
  if (isOfOneNode) {
    const namespace = "substr(pod, 1, instr(pod, '/') - 1)";
    return { text: `(${namespace} IN (SELECT value FROM json_each(?)) OR ${ofNode})`, values };
  }
  const seqs = `SELECT owned.seq FROM json_each(?) AS seen CROSS JOIN event AS owned INDEXED BY event_pod
    ON owned.pod > seen.value || '/' AND owned.pod < seen.value || '0'`;
  const all = isWithNode ? `${seqs} UNION ALL SELECT seq FROM event INDEXED BY event_pod WHERE ${OF_THE_NODE}` : seqs;
  return { text: `seq IN (${all})`, values };
}

type Owned = { readonly text: string; readonly values: readonly SQLInputValue[] };
