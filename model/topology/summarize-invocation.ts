import type { InvocationEvent } from '../cni/invocation-event.ts';
import { compileExactCheck } from '../compile-exact-check.ts';
import { readCniResult } from './read-cni-result.ts';
import { type InvocationSummary, PodKey } from './topology.ts';

const isPodKey = compileExactCheck(PodKey);

/** The head of an invocation: enough to draw its bar and to find the whole event again. */
export function summarizeInvocation(event: InvocationEvent, node: string): InvocationSummary {
  const { data } = event;
  const pod = data.pod && parsePodKey(`${data.pod.namespace}/${data.pod.name}`);
  const addresses = readCniResult(data.result).addresses;
  return {
    id: event.id,
    node,
    verb: data.verb,
    mode: data.mode,
    outcome: data.outcome,
    ...(pod !== undefined && { pod }),
    ...(data.env.containerId !== undefined && { containerId: data.env.containerId }),
    ...(data.env.ifName !== undefined && { ifName: data.env.ifName }),
    ...(data.netnsId !== undefined && { netnsId: data.netnsId }),
    ...(data.network !== undefined && { network: data.network }),
    startedAt: data.startedAt,
    durationUs: data.durationUs,
    ...(data.error !== undefined && { error: data.error.msg }),
    ...(data.repeats !== undefined && { repeats: data.repeats }),
    ...(addresses.length > 0 && { addresses: [...addresses] }),
    stepCount: data.steps.length,
  };
}

const parsePodKey = (text: string): PodKey | undefined => (isPodKey(text) ? (text as PodKey) : undefined);
