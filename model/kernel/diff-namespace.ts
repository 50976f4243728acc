import { equalJson } from '../topology/equal-json.ts';
import type { NamespaceChange, RecordKind } from './kernel-delta.ts';
import type { NetworkNamespace } from './kernel-snapshot.ts';
import { numberRecordIds, RECORD_IDS, WHOLE_PARTS, type WholePart } from './record-id.ts';

/** Decides what is worth telling: true where two records of one identity, or two readings of netfilter, count as the same. */
export interface NamespaceEquality {
  readonly isSameRecord: (kind: RecordKind, one: unknown, other: unknown) => boolean;
  readonly isSameNetfilter: (one: unknown, other: unknown) => boolean;
  readonly isSamePart: (part: WholePart, one: unknown, other: unknown) => boolean;
}

/** Everything counts. */
export const exactEquality: NamespaceEquality = {
  isSameRecord: (_, one, other) => equalJson(one, other),
  isSameNetfilter: equalJson,
  isSamePart: (_, one, other) => equalJson(one, other),
};

const RECORD_KINDS = Object.keys(RECORD_IDS) as RecordKind[];

/**
 * What has to be told to someone who knows `before` so that he knows `after`: the counterpart of `applyNamespaceChange`.
 * Records of one identity are put together or not at all. Collections are taken as keyed: their order is not told.
 * An optional part that is absent in `after` is not told: what was known of it stays.
 * @returns `undefined` where there is nothing to tell
 */
export function diffNamespace(
  before: NetworkNamespace,
  after: NetworkNamespace,
  equality: NamespaceEquality = exactEquality,
): NamespaceChange | undefined {
  if (before === after) return undefined;
  const put: Record<string, unknown[]> = {};
  const remove: Record<string, string[]> = {};
  for (const kind of RECORD_KINDS) {
    const change = diffRecords(before, after, { kind, equality });
    if (change.put.length > 0) put[kind] = change.put;
    if (change.remove.length > 0) remove[kind] = change.remove;
  }
  const rest = diffTheRest(before, after, equality);
  if ([put, remove, rest].every((part) => Object.keys(part).length === 0)) return undefined;
  return {
    type: 'namespace.change',
    namespaceId: after.id,
    put: put as NamespaceChange['put'],
    remove: remove as NamespaceChange['remove'],
    ...rest,
  };
}

function diffRecords(
  before: NetworkNamespace,
  after: NetworkNamespace,
  { kind, equality }: { readonly kind: RecordKind; readonly equality: NamespaceEquality },
): { readonly put: unknown[]; readonly remove: string[] } {
  const [put, remove]: [unknown[], string[]] = [[], []];
  if (before[kind] === after[kind]) return { put, remove };
  const idOf = RECORD_IDS[kind] as (record: unknown) => string;
  const [known, now] = leaveOutSame(before[kind], after[kind], idOf);
  const [knownById, nowById] = [groupById(known, idOf), groupById(now, idOf)];
  for (const [id, group] of knownById) {
    const left = nowById.get(id)?.length ?? 0;
    if (left < group.length) remove.push(...numberRecordIds(group, () => id).slice(left));
  }
  for (const [id, group] of nowById) {
    const old = knownById.get(id);
    if (old === undefined || !isSameGroup(old, group, (one, other) => equality.isSameRecord(kind, one, other))) {
      put.push(...group);
    }
  }
  return { put, remove };
}

/**
 * Of two collections that have the very same objects at nearly all places, as one changed link makes them, the records whose
 * identity has another object at some place. All records of such an identity stay, on both sides.
 */
function leaveOutSame(
  known: readonly unknown[],
  now: readonly unknown[],
  idOf: (record: unknown) => string,
): readonly [readonly unknown[], readonly unknown[]] {
  if (known.length !== now.length) return [known, now];
  const moved = new Set<string>();
  for (let place = 0; place < now.length; place += 1) {
    if (known[place] !== now[place]) moved.add(idOf(known[place])).add(idOf(now[place]));
  }
  const hasMoved = (record: unknown): boolean => moved.has(idOf(record));
  return [known.filter(hasMoved), now.filter(hasMoved)];
}

function groupById(records: readonly unknown[], idOf: (record: unknown) => string): Map<string, unknown[]> {
  const groups = new Map<string, unknown[]>();
  for (const record of records) {
    const id = idOf(record);
    const group = groups.get(id);
    if (group === undefined) groups.set(id, [record]);
    else group.push(record);
  }
  return groups;
}

function isSameGroup(
  old: readonly unknown[],
  group: readonly unknown[],
  isSame: (one: unknown, other: unknown) => boolean,
): boolean {
  if (old.length !== group.length) return false;
  return group.every((record, place) => record === old[place] || isSame(old[place], record));
}

function diffTheRest(
  before: NetworkNamespace,
  after: NetworkNamespace,
  equality: NamespaceEquality,
): Partial<NamespaceChange> {
  const { names, kind, netfilter } = after;
  const isNetfilterNew =
    netfilter !== undefined &&
    netfilter !== before.netfilter &&
    (before.netfilter === undefined || !equality.isSameNetfilter(before.netfilter, netfilter));
  const parts = WHOLE_PARTS.filter(
    (part) =>
      after[part] !== undefined &&
      after[part] !== before[part] &&
      !equality.isSamePart(part, before[part], after[part]),
  );
  const sysctlChange = diffSysctls(before.sysctls, after.sysctls);
  return {
    ...(equalJson(before.names, names) ? {} : { names }),
    ...(before.kind === kind ? {} : { kind }),
    ...(isNetfilterNew ? { netfilter } : {}),
    ...Object.fromEntries(parts.map((part) => [part, after[part]])),
    ...(sysctlChange === undefined ? {} : { sysctlChange }),
  };
}

type Sysctls = NetworkNamespace['sysctls'];

function diffSysctls(before: Sysctls, after: Sysctls): NamespaceChange['sysctlChange'] {
  if (before === after) return undefined;
  const put: Sysctls = {};
  const remove: string[] = [];
  // A full node has thousands: no list of them is made.
  for (const name in after) if (before[name] !== after[name]) put[name] = after[name] as string;
  for (const name in before) if (after[name] === undefined) remove.push(name);
  return Object.keys(put).length === 0 && remove.length === 0 ? undefined : { put, remove };
}
