import pino from 'pino';
import { expect, test } from 'vitest';
import type { EntryBody } from '#model/log/log-entry.ts';
import { buildClusterNode, buildClusterPod } from '#model/testing/build-node.ts';
import { openLog } from '../open-log.ts';
import { openStore } from '../store/open-store.ts';
import type { Store } from '../store/store.ts';
import type { ClusterRecorder } from './cluster-recorder.ts';

type World = Disposable & {
  readonly store: Store;
  readonly cluster: ClusterRecorder;
  readonly listNew: () => string[];
};

function openWorld(): World {
  const store = openStore(':memory:');
  if (!store.ok) throw new Error(store.error.problem);
  const { log } = store.value;
  const opened = openLog({
    ...{ store: store.value, path: ':memory:', source: 'kubernetes', clock: () => new Date() },
    log: pino({ level: 'silent' }),
  });
  if (!opened.ok) throw new Error(opened.error.problem);
  const { cluster, fold } = opened.value;
  let seen = log.lastSeq;
  return {
    store: store.value,
    cluster,
    // Stream and words of the entries since the last time.
    listNew: () => {
      const places = Array.from({ length: log.lastSeq - seen }, (_, index) => seen + index + 1);
      seen = log.lastSeq;
      return places.flatMap((seq) => log.find(seq) ?? []).map(({ stream, body }) => `${stream}: ${describe(body)}`);
    },
    [Symbol.dispose]: () => {
      cluster.close();
      fold.close();
      store.value.close();
    },
  };
}

function describe(body: EntryBody): string {
  if (body.type === 'cluster.put') return `put ${body.fact.kind} ${body.fact.object.name}`;
  if (body.type === 'cluster.remove') return `remove ${body.kind} ${body.key}`;
  return body.type;
}

test('a pod that did not change is not written down again, one that did is', () => {
  using world = openWorld();
  world.cluster.put('pod', buildClusterPod(1));
  world.cluster.put('pod', buildClusterPod(1));
  world.cluster.put('pod', buildClusterPod(1, { phase: 'Failed' }));
  expect(world.listNew()).toEqual(['k8s-node01: put pod pod1', 'k8s-node01: put pod pod1']);
});

test('a pod that gets its node, or another one, leaves the stream that it was in', () => {
  using world = openWorld();
  world.cluster.put('pod', buildClusterPod(1, { nodeName: undefined }));
  world.cluster.put('pod', buildClusterPod(1));
  world.cluster.put('pod', buildClusterPod(1, { nodeName: 'controlplane' }));
  world.cluster.remove('pod', 'default/pod1');
  world.cluster.remove('pod', 'default/pod1');
  expect(world.listNew()).toEqual([
    ': put pod pod1',
    ': remove pod default/pod1',
    'k8s-node01: put pod pod1',
    'k8s-node01: remove pod default/pod1',
    'controlplane: put pod pod1',
    'controlplane: remove pod default/pod1',
  ]);
});

test('a list that comes again writes down what differs, and only that', () => {
  using world = openWorld();
  world.cluster.replace('pod', [buildClusterPod(1), buildClusterPod(2), buildClusterPod(3)]);
  world.cluster.put('node', buildClusterNode('k8s-node01', '10.240.2.0/24'));
  world.listNew();
  world.cluster.replace('pod', [buildClusterPod(1), buildClusterPod(3, { status: 'Terminating' }), buildClusterPod(4)]);
  expect(world.listNew()).toEqual([
    'k8s-node01: remove pod default/pod2',
    'k8s-node01: put pod pod3',
    'k8s-node01: put pod pod4',
  ]);
});

test('what comes after a long list is written after it', async () => {
  using world = openWorld();
  const pods = Array.from({ length: 1_200 }, (_, place) => buildClusterPod(place));
  world.cluster.replace('pod', pods);
  world.cluster.put('pod', buildClusterPod(1_199, { phase: 'Failed' }));
  world.cluster.setSynced();
  const entries: string[] = [];
  while (!entries.includes(': cluster.synced')) {
    entries.push(...world.listNew());
    await new Promise((done) => setImmediate(done));
  }
  expect(entries).toHaveLength(1_202);
  expect(entries.slice(-3)).toEqual(['k8s-node01: put pod pod1199', 'k8s-node01: put pod pod1199', ': cluster.synced']);
});

test('a word about the watch is written once until it changes', () => {
  using world = openWorld();
  world.cluster.setProblem(undefined);
  world.cluster.setProblem('no route to host');
  world.cluster.setProblem('no route to host');
  world.cluster.setProblem(undefined);
  world.cluster.setSource({ source: 'kubernetes', server: 'https://a' });
  world.cluster.setSource({ source: 'kubernetes', server: 'https://a' });
  expect(world.listNew()).toEqual([': cluster.problem', ': cluster.problem', ': cluster.source']);
});

test('while the store takes nothing, what waits does not grow with the changes of a busy cluster, and ends up the same', async () => {
  using world = openWorld();
  const { database, facts } = world.store;
  world.cluster.put('pod', buildClusterPod(1));
  world.cluster.put('pod', buildClusterPod(2));
  world.cluster.replace('node', [buildClusterNode('n1', '10.1.0.0/24')]);
  while (facts.find('node', 'n1') === undefined) await new Promise((done) => setImmediate(done));
  database.exec('PRAGMA query_only = ON');
  const most = { waiting: 0 };
  for (let turn = 0; turn < 20_000; turn += 1) {
    // Each of these comes and goes; one is changed again and again; the list of nodes comes again and again.
    world.cluster.put('pod', buildClusterPod(100 + turn));
    world.cluster.remove('pod', `default/pod${100 + turn}`);
    world.cluster.put('pod', buildClusterPod(1, { status: `turn ${turn}` }));
    if (turn % 100 === 0)
      world.cluster.replace('node', [
        buildClusterNode('n2', '10.2.0.0/24'),
        buildClusterNode(`n${turn}`, '10.3.0.0/24'),
      ]);
    most.waiting = Math.max(most.waiting, world.cluster.waitingObjects);
  }
  world.cluster.remove('pod', 'default/pod2');
  world.cluster.setSynced();
  expect(most.waiting).toBeLessThan(2_100);
  expect(world.cluster.foldedChanges).toBeGreaterThan(50_000);
  world.listNew();
  database.exec('PRAGMA query_only = OFF');
  while (world.cluster.waitingObjects > 0) await new Promise((done) => setTimeout(done, 20));
  expect(facts.listKeys('pod')).toEqual(['default/pod1']);
  expect(JSON.parse(facts.find('pod', 'default/pod1')?.object ?? '')).toMatchObject({ status: 'turn 19999' });
  expect(facts.listKeys('node')).toEqual(['n19900', 'n2']);
  expect(world.listNew().at(-1)).toBe(': cluster.synced');
});

test('changes that the store does not take wait in their order and are written when it does', async () => {
  using world = openWorld();
  const { database } = world.store;
  database.exec('PRAGMA query_only = ON');
  world.cluster.put('pod', buildClusterPod(1));
  world.cluster.remove('pod', 'default/pod1');
  world.cluster.put('pod', buildClusterPod(2));
  expect(world.listNew()).toEqual([]);
  database.exec('PRAGMA query_only = OFF');
  const entries: string[] = [];
  while (entries.length < 3) {
    entries.push(...world.listNew());
    await new Promise((done) => setTimeout(done, 20));
  }
  expect(entries).toEqual([
    'k8s-node01: put pod pod1',
    'k8s-node01: remove pod default/pod1',
    'k8s-node01: put pod pod2',
  ]);
});
