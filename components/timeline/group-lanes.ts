import type { InvocationSummary } from '#model/topology/topology.ts';
import { parseInstant } from './parse-instant.ts';

export type LaneEvent = {
  readonly invocation: InvocationSummary;
  readonly startUs: number;
  readonly endUs: number;
};

/** The life of one attachment: from the end of the ADD that made it to the DEL that took it away. */
export type LaneLife = { readonly fromUs: number /** Absent: it lasts. */; readonly toUs?: number };

export type Lane = {
  /** `<node>|<namespace>/<pod>`, or the container id where the runtime named no pod. */
  readonly key: string;
  readonly node: string;
  readonly pod?: string;
  readonly label: string;
  /** Oldest first. */
  readonly events: readonly LaneEvent[];
  readonly lives: readonly LaneLife[];
};

/**
 * One lane for each pod on each node. Lanes are ordered by their first invocation, so that a new pod adds a lane at the
 * end and moves none; `byNode` keeps the lanes of one node together.
 */
export function groupLanes(invocations: readonly InvocationSummary[], byNode: boolean): readonly Lane[] {
  const groups = new Map<string, LaneEvent[]>();
  for (const invocation of invocations) {
    const startUs = parseInstant(invocation.startedAt);
    if (Number.isNaN(startUs)) {
      continue;
    }
    const key = `${invocation.node}|${nameSubject(invocation)}`;
    const event = { invocation, startUs, endUs: startUs + invocation.durationUs };
    const group = groups.get(key);
    if (group === undefined) {
      groups.set(key, [event]);
    } else {
      group.push(event);
    }
  }
  const lanes = [...groups].map(([key, events]) => makeLane(key, events));
  return byNode ? lanes.toSorted((a, b) => (a.node < b.node ? -1 : a.node > b.node ? 1 : 0)) : lanes;
}

function nameSubject({ pod, containerId, network }: InvocationSummary): string {
  return pod ?? (containerId === undefined ? (network ?? 'no container') : containerId.slice(0, 12));
}

function makeLane(key: string, unsorted: readonly LaneEvent[]): Lane {
  const events = unsorted.toSorted((a, b) => a.startUs - b.startUs);
  const node = key.slice(0, key.indexOf('|'));
  const subject = key.slice(node.length + 1);
  const pod = events[0]?.invocation.pod;
  const label = subject.startsWith('default/') ? subject.slice('default/'.length) : subject;
  return { key, node, label, events, lives: findLives(events), ...(pod === undefined ? {} : { pod }) };
}

/**
 * An attachment is known by container and interface. A DEL ends it; a second ADD for the same one does not start another.
 * An ADD for another container of the same pod ends it too: a pod has one sandbox at a time, and the DEL got lost.
 */
function findLives(events: readonly LaneEvent[]): readonly LaneLife[] {
  const open = new Map<string, number>();
  const lives: LaneLife[] = [];
  for (const { invocation, startUs, endUs } of events) {
    const key = `${invocation.containerId ?? ''}/${invocation.ifName ?? ''}`;
    const fromUs = open.get(key);
    if (invocation.verb === 'ADD' && invocation.outcome === 'ok' && fromUs === undefined) {
      for (const [older, olderUs] of open) {
        if (invocation.pod !== undefined && older.endsWith(`/${invocation.ifName ?? ''}`)) {
          open.delete(older);
          lives.push({ fromUs: olderUs, toUs: startUs });
        }
      }
      open.set(key, endUs);
    } else if (invocation.verb === 'DEL' && invocation.outcome === 'ok' && fromUs !== undefined) {
      open.delete(key);
      lives.push({ fromUs, toUs: startUs });
    }
  }
  return [...lives, ...[...open.values()].map((fromUs) => ({ fromUs }))].toSorted((a, b) => a.fromUs - b.fromUs);
}
