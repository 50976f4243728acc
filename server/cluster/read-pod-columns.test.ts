import type { V1ContainerStatus, V1Pod } from '@kubernetes/client-node';
import { expect, test } from 'vitest';
import { readPodColumns } from './read-pod-columns.ts';

type State = NonNullable<V1ContainerStatus['state']>;

const container = (state: State, more: Partial<V1ContainerStatus> = {}): V1ContainerStatus => ({
  name: 'main',
  image: 'i',
  imageID: '',
  ready: state.running !== undefined,
  restartCount: 0,
  state,
  ...more,
});

const running = { running: {} };
const done = { terminated: { exitCode: 0, reason: 'Completed' } };
const failed = { terminated: { exitCode: 3, reason: 'Error' } };
const ready = [{ type: 'Ready', status: 'True' }];

type Told = {
  readonly pod?: Partial<V1Pod>;
  readonly spec?: object;
  readonly status?: object;
  readonly containers?: readonly V1ContainerStatus[];
};

const pod = ({ pod: more = {}, spec = {}, status = {}, containers = [] }: Told): V1Pod => ({
  metadata: { name: 'p', namespace: 'default', ...more.metadata },
  spec: { containers: containers.map(({ name }) => ({ name })), ...spec },
  status: { phase: 'Running', containerStatuses: [...containers], ...status },
});

/** What kubectl 1.36 prints for the same pods: READY, STATUS, RESTARTS. */
test.each<readonly [string, Told, string]>([
  ['runs', { containers: [container(running)] }, '1/1 Running 0'],
  ['has completed', { status: { phase: 'Succeeded' }, containers: [container(done)] }, '0/1 Completed 0'],
  ['has failed', { status: { phase: 'Failed' }, containers: [container(failed)] }, '0/1 Error 0'],
  ['was killed', { containers: [container({ terminated: { exitCode: 137, signal: 9 } })] }, '0/1 Signal:9 0'],
  [
    'crashes again and again',
    { containers: [container({ waiting: { reason: 'CrashLoopBackOff' } }, { restartCount: 4 })] },
    '0/1 CrashLoopBackOff 4',
  ],
  ['half of which has completed', { containers: [container(done), container(running)] }, '1/2 NotReady 0'],
  [
    'half of which has completed and that is ready',
    { status: { conditions: ready }, containers: [container(done), container(running)] },
    '1/2 Running 0',
  ],
  ['half of which has failed', { containers: [container(done), container(failed)] }, '0/2 Error 0'],
  [
    'waits for its first init container',
    {
      spec: { initContainers: [{ name: 'a' }, { name: 'b' }] },
      status: { phase: 'Pending', initContainerStatuses: [container(running, { name: 'a' })] },
      containers: [container({ waiting: { reason: 'PodInitializing' } })],
    },
    '0/1 Init:0/2 0',
  ],
  [
    'whose init container fails',
    {
      spec: { initContainers: [{ name: 'a' }] },
      status: { phase: 'Pending', initContainerStatuses: [container(failed, { name: 'a', restartCount: 2 })] },
      containers: [container({ waiting: { reason: 'PodInitializing' } })],
    },
    '0/1 Init:Error 2',
  ],
  [
    'with a sidecar',
    {
      spec: { initContainers: [{ name: 'side', restartPolicy: 'Always' }] },
      status: { initContainerStatuses: [container(running, { name: 'side', started: true, restartCount: 1 })] },
      containers: [container(running)],
    },
    '2/2 Running 1',
  ],
  [
    'that nobody may schedule yet',
    {
      status: { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }] },
      spec: { containers: [{ name: 'main' }] },
    },
    '0/1 SchedulingGated 0',
  ],
  [
    'that is deleted',
    { pod: { metadata: { deletionTimestamp: new Date(0) } }, containers: [container(running)] },
    '1/1 Terminating 0',
  ],
  [
    'that is deleted after its end',
    {
      pod: { metadata: { deletionTimestamp: new Date(0) } },
      status: { phase: 'Failed' },
      containers: [container(failed)],
    },
    '0/1 Error 0',
  ],
  [
    'on a node that is lost',
    { pod: { metadata: { deletionTimestamp: new Date(0) } }, status: { reason: 'NodeLost' }, containers: [] },
    '0/0 Unknown 0',
  ],
])('a pod that %s has the columns of kubectl', (_, told, columns) => {
  const { status, containers } = readPodColumns(pod(told));
  expect(`${containers.ready}/${containers.total} ${status} ${containers.restarts}`).toBe(columns);
});
