import type { InvocationEvent } from '../cni/invocation-event.ts';
import { readReported } from './read-cni-result.ts';
import { summarizeInvocation } from './summarize-invocation.ts';
import type { Attachment, InvocationSummary, PodKey } from './topology.ts';

/** A successful ADD that no successful DEL took back: what CNI says is plugged in. */
export type ActiveAdd = {
  readonly summary: InvocationSummary;
  /** CNI_NETNS as given: a path under which the namespace was bound. */
  readonly netnsPath: string | undefined;
  readonly podUid: string | undefined;
  readonly reported: NonNullable<Attachment['reported']>;
};

/** The newest invocations of one pod on one node. */
export type PodHistory = {
  readonly podUid: string | undefined;
  readonly lastAdd?: InvocationSummary;
  readonly lastDel?: InvocationSummary;
  readonly failedAdds: number;
};

/** What one node's invocations up to now amount to. */
export type InvocationFold = {
  /** By `<container id>/<interface>`. */
  readonly active: ReadonlyMap<string, ActiveAdd>;
  readonly pods: ReadonlyMap<PodKey, PodHistory>;
};

export const emptyInvocationFold: InvocationFold = { active: new Map(), pods: new Map() };

/** The fold with one more invocation, in journal order. An old fold stays as it was. */
export function foldInvocation(fold: InvocationFold, event: InvocationEvent, node: string): InvocationFold {
  const summary = summarizeInvocation(event, node);
  return { active: foldActive(fold.active, event, summary), pods: foldPods(fold.pods, event, summary) };
}

function foldActive(
  active: InvocationFold['active'],
  event: InvocationEvent,
  summary: InvocationSummary,
): InvocationFold['active'] {
  const { data } = event;
  if (data.outcome !== 'ok' || summary.containerId === undefined) return active;
  const id = `${summary.containerId}/${summary.ifName ?? ''}`;
  if (data.verb === 'ADD') {
    const chain = [data.stdin, ...(data.config?.plugins ?? [])];
    const reported = readReported(summary.ifName, data.result, chain);
    return new Map(active).set(id, { summary, netnsPath: data.env.netns, podUid: data.pod?.uid, reported });
  }
  if (data.verb !== 'DEL' || !active.has(id)) return active;
  const rest = new Map(active);
  rest.delete(id);
  return rest;
}

function foldPods(
  pods: InvocationFold['pods'],
  event: InvocationEvent,
  summary: InvocationSummary,
): InvocationFold['pods'] {
  if (summary.pod === undefined || (summary.verb !== 'ADD' && summary.verb !== 'DEL')) return pods;
  const uid = event.data.pod?.uid;
  const known = pods.get(summary.pod);
  // A pod made anew under an old name starts with a clean slate; the late DEL of the old one must not wipe it.
  const isOther = known?.podUid !== undefined && uid !== undefined && known.podUid !== uid;
  if (isOther && summary.verb === 'DEL') return pods;
  const before: PodHistory = known === undefined || isOther ? { podUid: uid, failedAdds: 0 } : known;
  const podUid = uid ?? before.podUid;
  if (summary.verb === 'DEL') return new Map(pods).set(summary.pod, { ...before, podUid, lastDel: summary });
  const failedAdds = summary.outcome === 'ok' ? 0 : before.failedAdds + 1;
  return new Map(pods).set(summary.pod, { ...before, podUid, lastAdd: summary, failedAdds });
}

/** Forgets pods that are neither in the cluster nor plugged in, so that a node's history cannot grow for ever. */
export function pruneInvocationFold(fold: InvocationFold, isKnownPod: (pod: PodKey) => boolean): InvocationFold {
  const plugged = new Set([...fold.active.values()].map((add) => add.summary.pod));
  const pods = new Map([...fold.pods].filter(([pod]) => isKnownPod(pod) || plugged.has(pod)));
  return pods.size === fold.pods.size ? fold : { ...fold, pods };
}
