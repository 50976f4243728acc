import type { Condition, ContainerState, ContainerStatus, PodObject } from '../api/kubernetes-objects.ts';

/** What the kubelet knows of a pod's one container; the status is derived from it. */
export type PodProgress = {
  readonly phase: PodObject['status']['phase'];
  readonly state: ContainerState;
  readonly restartCount: number;
  readonly containerId?: string;
  readonly podIp?: string;
  /** The sandbox with its network stands: Kubernetes' condition PodReadyToStartContainers. */
  readonly hasSandbox: boolean;
};

/** The waiting state of a pod without a sandbox, with the message of the last failure. */
export function describeCreating(message?: string): PodProgress {
  const waiting = { reason: 'ContainerCreating', ...(message === undefined ? {} : { message }) };
  return { phase: 'Pending', state: { waiting }, restartCount: 0, hasSandbox: false };
}

/** A new pod object with the status that the progress means; conditions that did not change keep their time. */
export function applyProgress(
  pod: PodObject,
  progress: PodProgress,
  context: { readonly hostIp: string; readonly now: string },
): PodObject {
  const isRunning = 'running' in progress.state;
  const conditions = [
    condition('PodScheduled', true),
    condition('PodReadyToStartContainers', progress.hasSandbox),
    condition('Initialized', true),
    condition('ContainersReady', isRunning),
    condition('Ready', isRunning),
  ];
  const [container] = pod.spec.containers;
  const containerStatus: ContainerStatus = {
    name: container?.name ?? '',
    image: container?.image ?? '',
    imageID: '',
    ready: isRunning,
    started: isRunning,
    restartCount: progress.restartCount,
    ...(progress.containerId === undefined ? {} : { containerID: `podwire-lab://${progress.containerId}` }),
    state: progress.state,
  };
  return {
    ...pod,
    status: {
      phase: progress.phase,
      conditions: conditions.map((wanted) => keepTime(wanted, pod.status.conditions)),
      containerStatuses: [containerStatus],
      hostIP: context.hostIp,
      ...(progress.podIp === undefined ? {} : { podIP: progress.podIp, podIPs: [{ ip: progress.podIp }] }),
      startTime: pod.status.startTime ?? context.now,
    },
  };

  function condition(type: string, holds: boolean): Condition {
    return { type, status: holds ? 'True' : 'False', lastTransitionTime: context.now };
  }
}

function keepTime(wanted: Condition, known: readonly Condition[]): Condition {
  const before = known.find((each) => each.type === wanted.type);
  return before?.status === wanted.status ? { ...wanted, lastTransitionTime: before.lastTransitionTime } : wanted;
}
