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

/** A filter as SQL; values are bound, never printed into the text. */
export type FilterSql = {
  /** What it reads, from the name of a table on: `event WHERE node = ?`. */
  readonly from: string;
  readonly values: readonly SQLInputValue[];
  /** True where there is no condition. */
  readonly isAll: boolean;
};

export function buildEventFilter(filter: EventFilter): FilterSql {
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
  const texts = used.map((each) => each.text);
  const values = used.map((each) => each.value);
  if (filter.owners !== undefined)
    return narrowToOwners(filter.owners, { texts, values, isOfNode: filter.node !== undefined });
  return { from: ['event', ...writeWhere(texts)].join(' '), values, isAll: texts.length === 0 };
}

const writeWhere = (texts: readonly string[]): readonly string[] =>
  texts.length === 0 ? [] : [`WHERE ${texts.join(' AND ')}`];

const OF_THE_NODE = `pod IS NULL AND verb IN (${NODE_VERBS.map((verb) => `'${verb}'`).join(', ')})`;

/**
 * Of one node, whose rows are few, each is looked at. Of all nodes the index of pods has a stretch for each namespace, for `0`
 * follows `/` in ASCII: what it costs depends on what may be seen, not on what there is.
 */
function narrowToOwners(
  { namespaces, isWithNode }: EventOwners,
  given: { readonly texts: readonly string[]; readonly values: readonly SQLInputValue[]; readonly isOfNode: boolean },
): FilterSql {
  const { texts, values, isOfNode } = given;
  const ofNode = isWithNode ? OF_THE_NODE : 'FALSE';
  if (namespaces === 'all') {
    return { from: `event ${writeWhere([...texts, `(pod IS NOT NULL OR ${ofNode})`])}`, values, isAll: false };
  }
  const list = JSON.stringify([...namespaces]);
  if (isOfNode) {
    const isSeen = `substr(pod, 1, instr(pod, '/') - 1) IN (SELECT value FROM json_each(?))`;
    return {
      from: `event ${writeWhere([...texts, `(${isSeen} OR ${ofNode})`])}`,
      values: [...values, list],
      isAll: false,
    };
  }
  const pods = `SELECT seq, summary FROM json_each(?) AS seen CROSS JOIN event INDEXED BY event_pod
    ON pod > seen.value || '/' AND pod < seen.value || '0' ${writeWhere(texts)}`;
  if (!isWithNode) return { from: `(${pods})`, values: [list, ...values], isAll: false };
  const nodes = `SELECT seq, summary FROM event INDEXED BY event_pod ${writeWhere([OF_THE_NODE, ...texts])}`;
  return { from: `(${pods} UNION ALL ${nodes})`, values: [list, ...values, ...values], isAll: false };
}
