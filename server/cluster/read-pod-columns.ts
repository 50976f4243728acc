import type { V1ContainerStatus, V1Pod } from '@kubernetes/client-node';

/** READY, STATUS and RESTARTS as `kubectl get pods` prints them. */
export type PodColumns = {
  readonly status: string;
  readonly containers: { readonly ready: number; readonly total: number; readonly restarts: number };
};

/**
 * kubectl prints what the API server computes; this is the same computation:
 * k8s.io/kubernetes v1.36 pkg/printers/internalversion/printers.go, printPod.
 */
export function readPodColumns(pod: V1Pod): PodColumns {
  const first = readFirst(pod);
  const main = readMain(pod);
  const isPastInit = !first.isInitializing || isTrue(pod, 'Initialized');
  const status = (isPastInit ? main.status : undefined) ?? first.status ?? describePhase(pod);
  return {
    status: describeEnd(pod) ?? status,
    containers: {
      ready: first.ready + (isPastInit ? main.ready : 0),
      total: (pod.spec?.containers.length ?? 0) + listSidecarNames(pod).size,
      restarts: isPastInit ? first.sidecarRestarts + main.restarts : first.restarts,
    },
  };
}

const isTrue = (pod: V1Pod, condition: string): boolean =>
  pod.status?.conditions?.some(({ type, status }) => type === condition && status === 'True') === true;

function describePhase({ status }: V1Pod): string {
  const isGated = status?.conditions?.some(
    ({ type, reason }) => type === 'PodScheduled' && reason === 'SchedulingGated',
  );
  return isGated === true ? 'SchedulingGated' : status?.reason || status?.phase || 'Unknown';
}

/** What deletion makes of any other status. */
function describeEnd({ metadata, status }: V1Pod): string | undefined {
  if (metadata?.deletionTimestamp === undefined) return undefined;
  if (status?.reason === 'NodeLost') return 'Unknown';
  return status?.phase === 'Succeeded' || status?.phase === 'Failed' ? undefined : 'Terminating';
}

/** Init containers that go on beside the others: they count as containers. */
const listSidecarNames = ({ spec }: V1Pod): ReadonlySet<string> =>
  new Set((spec?.initContainers ?? []).filter((each) => each.restartPolicy === 'Always').map(({ name }) => name));

/** The init containers, up to the first that is not done. */
function readFirst(pod: V1Pod) {
  const sidecars = listSidecarNames(pod);
  const read = {
    status: undefined as string | undefined,
    isInitializing: false,
    ready: 0,
    restarts: 0,
    sidecarRestarts: 0,
  };
  const total = pod.spec?.initContainers?.length ?? 0;
  for (const [index, container] of (pod.status?.initContainerStatuses ?? []).entries()) {
    const { terminated, waiting } = container.state ?? {};
    read.restarts += container.restartCount ?? 0;
    if (sidecars.has(container.name)) read.sidecarRestarts += container.restartCount ?? 0;
    if (terminated?.exitCode === 0) continue;
    if (sidecars.has(container.name) && container.started === true) {
      read.ready += container.ready ? 1 : 0;
      continue;
    }
    read.isInitializing = true;
    const isWaiting = waiting?.reason && waiting.reason !== 'PodInitializing';
    const reason = terminated !== undefined ? describeTermination(terminated) : isWaiting ? waiting.reason : undefined;
    read.status = `Init:${reason ?? `${index}/${total}`}`;
    break;
  }
  return read;
}

/** The containers themselves: the first one that says something counts most, so it is read last. */
function readMain(pod: V1Pod) {
  const containers = (pod.status?.containerStatuses ?? []).toReversed();
  const reasons = containers.map(describeContainer).filter((reason) => reason !== undefined);
  const ready = containers.filter((each) => each.ready && each.state?.running !== undefined).length;
  const restarts = containers.reduce((sum, each) => sum + (each.restartCount ?? 0), 0);
  const last = reasons.at(-1);
  if (last !== 'Completed') return { status: last, ready, restarts };
  const failure = containers.filter((each) => (each.state?.terminated?.exitCode ?? 0) !== 0).map(describeContainer);
  const hasRunning = ready > 0;
  if (hasRunning && isTrue(pod, 'Ready')) return { status: 'Running', ready, restarts };
  return { status: failure.findLast(Boolean) ?? (hasRunning ? 'NotReady' : last), ready, restarts };
}

function describeContainer({ state }: V1ContainerStatus): string | undefined {
  if (state?.waiting?.reason) return state.waiting.reason;
  return state?.terminated === undefined ? undefined : describeTermination(state.terminated);
}

function describeTermination(end: NonNullable<NonNullable<V1ContainerStatus['state']>['terminated']>): string {
  return end.reason || (end.signal ? `Signal:${end.signal}` : `ExitCode:${end.exitCode}`);
}
