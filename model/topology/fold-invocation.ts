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

/** The same, to be changed in place. */
export type MutableInvocationFold = {
  readonly active: Map<string, ActiveAdd>;
  readonly pods: Map<PodKey, PodHistory>;
};

/** The fold with one more invocation, in journal order. An old fold stays as it was. */
export function foldInvocation(fold: InvocationFold, event: InvocationEvent, node: string): InvocationFold {
  const next = { active: new Map(fold.active), pods: new Map(fold.pods) };
  addInvocation(next, event, summarizeInvocation(event, node));
  return next;
}

/** Changes the fold by one more invocation, in journal order. */
export function addInvocation(fold: MutableInvocationFold, event: InvocationEvent, summary: InvocationSummary): void {
  addActive(fold.active, event, summary);
  addHistory(fold.pods, event, summary);
}

function addActive(active: Map<string, ActiveAdd>, event: InvocationEvent, summary: InvocationSummary): void {
  const { data } = event;
  if (data.outcome !== 'ok' || summary.containerId === undefined) return;
  const id = `${summary.containerId}/${summary.ifName ?? ''}`;
  if (data.verb === 'ADD') {
    const chain = [data.stdin, ...(data.config?.plugins ?? [])];
    const reported = readReported(summary.ifName, data.result, chain);
    active.set(id, { summary, netnsPath: data.env.netns, podUid: data.pod?.uid, reported });
  } else if (data.verb === 'DEL') {
    active.delete(id);
  }
}

function addHistory(pods: Map<PodKey, PodHistory>, event: InvocationEvent, summary: InvocationSummary): void {
  if (summary.pod === undefined || (summary.verb !== 'ADD' && summary.verb !== 'DEL')) return;
  const uid = event.data.pod?.uid;
  const known = pods.get(summary.pod);
  // A pod made anew under an old name starts with a clean slate; the late DEL of the old one must not wipe it.
  const isOther = known?.podUid !== undefined && uid !== undefined && known.podUid !== uid;
  if (isOther && summary.verb === 'DEL') return;
  const before: PodHistory = known === undefined || isOther ? { podUid: uid, failedAdds: 0 } : known;
  const podUid = uid ?? before.podUid;
  if (summary.verb === 'DEL') {
    pods.set(summary.pod, { ...before, podUid, lastDel: summary });
  } else {
    const failedAdds = summary.outcome === 'ok' ? 0 : before.failedAdds + 1;
    pods.set(summary.pod, { ...before, podUid, lastAdd: summary, failedAdds });
  }
}

/** Forgets pods that are neither in the cluster nor plugged in, so that a node's history cannot grow for ever. */
export function pruneInvocationFold(fold: MutableInvocationFold, isKnownPod: (pod: PodKey) => boolean): void {
  const plugged = new Set([...fold.active.values()].map((add) => add.summary.pod));
  for (const pod of fold.pods.keys()) {
    if (!isKnownPod(pod) && !plugged.has(pod)) fold.pods.delete(pod);
  }
}
