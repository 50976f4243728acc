import type { TopologyPod } from '#model/topology/topology.ts';
import { formatDuration } from '../ui/format-duration.ts';
import type { CardState, Tone } from './node-scene.ts';

export type PodDescription = {
  readonly state: CardState;
  readonly tone: Tone;
  readonly status: string;
  readonly reason: string | undefined;
};

/** What is known of the pod's wire: `seen` in the kernel, `down` there, `reported` by CNI alone, `absent`, or `unread`. */
export type WireKnowledge = 'seen' | 'down' | 'reported' | 'absent' | 'unread';

/**
 * The one line under a pod. Red is for what has failed for certain, an ADD; what is merely not there yet is not.
 */
export function describePod(pod: TopologyPod, wire: WireKnowledge): PodDescription {
  const isRunning = pod.status === 'Running';
  if (pod.hostNetwork) {
    return { state: 'host-network', tone: isRunning ? 'good' : 'warning', status: pod.status, reason: pod.message };
  }
  const isWired = wire === 'seen' || wire === 'down';
  if (pod.deletedAt !== undefined) {
    return { state: 'terminating', tone: 'warning', status: 'Terminating', reason: pod.message };
  }
  if (isWired) {
    return describeWiredPod(pod, wire);
  }
  if (pod.phase === 'Succeeded' || pod.phase === 'Failed') {
    const tone = pod.phase === 'Failed' ? 'warning' : 'quiet';
    return { state: 'finished', tone, status: pod.status, reason: pod.message };
  }
  if (pod.failedAdds > 0) {
    const reason = pod.lastAdd?.error ?? pod.message;
    return { state: 'failing', tone: 'bad', status: `ADD failed ${pod.failedAdds}×`, reason };
  }
  return describeUnwiredPod(pod, wire);
}

function describeWiredPod(pod: TopologyPod, wire: WireKnowledge): PodDescription {
  const { lastAdd, message } = pod;
  const add = lastAdd?.outcome === 'ok' ? `ADD ${formatDuration(lastAdd.durationUs)}` : 'ADD not seen';
  if (pod.failedAdds > 0) {
    const reason = lastAdd?.error ?? message;
    return { state: 'wired', tone: 'bad', status: `ADD failed ${pod.failedAdds}×`, reason };
  }
  if (wire === 'down') {
    return { state: 'wired', tone: 'warning', status: `wire down · ${add}`, reason: message };
  }
  if (pod.status === 'Running') {
    return { state: 'wired', tone: 'good', status: add, reason: undefined };
  }
  const tone = pod.status === 'ContainerCreating' || pod.status === 'Pending' ? 'quiet' : 'warning';
  return { state: 'wired', tone, status: pod.status, reason: message };
}

function describeUnwiredPod(pod: TopologyPod, wire: WireKnowledge): PodDescription {
  if (wire === 'unread' || wire === 'reported') {
    const status = wire === 'unread' ? 'kernel not read' : 'not in the kernel reading';
    return { state: 'unknown', tone: 'unknown', status, reason: pod.message };
  }
  if (pod.phase === 'Running') {
    return { state: 'unwired', tone: 'warning', status: 'Running, no wire found', reason: pod.message };
  }
  const tone = pod.message === undefined ? 'quiet' : 'warning';
  return { state: 'creating', tone, status: pod.status, reason: pod.message };
}
