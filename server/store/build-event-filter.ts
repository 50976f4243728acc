import type { SQLInputValue } from 'node:sqlite';

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
};

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
  return {
    where: used.length === 0 ? '' : `WHERE ${used.map((each) => each.text).join(' AND ')}`,
    values: used.map((each) => each.value),
  };
}
