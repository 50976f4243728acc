import pino from 'pino';
import { expect, test, vi } from 'vitest';
import { buildClusterNode, buildClusterPod, buildInvocation, buildSnapshot } from '#model/testing/build-node.ts';
import { openLog } from '../open-log.ts';
import { openStore } from '../store/open-store.ts';
import type { FoldLimits } from './fold-limits.ts';

function openWorld(clock: () => Date, limits?: FoldLimits) {
  const store = openStore(':memory:');
  if (!store.ok) throw new Error(store.error.problem);
  const log = pino({ level: 'silent' });
  const opened = openLog({ store: store.value, path: ':memory:', source: 'kubernetes', log, clock, limits });
  if (!opened.ok) throw new Error(opened.error.problem);
  const { fold, cluster } = opened.value;
  const close = () => {
    cluster.close();
    fold.close();
    store.value.close();
  };
  return { ...opened.value, store: store.value, [Symbol.dispose]: close };
}

test('in a big cluster a heartbeat is no news for browsers, a change is, and a read has both', () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate', 'performance', 'Date'] });
  try {
    using world = openWorld(() => new Date());
    const { fold, cluster, recorder } = world;
    const names = Array.from({ length: 101 }, (_, place) => `n${place}`);
    for (const name of names) cluster.put('node', buildClusterNode(name, '10.240.2.0/24'));
    recorder.record((append) => {
      for (const name of names) append(name, { type: 'kernel.snapshot', snapshot: buildSnapshot([1], 1, name) });
    });
    fold.cluster();
    const told: string[] = [];
    fold.listen({
      nodeChanged: () => undefined,
      invocationsArrived: () => undefined,
      clusterChanged: (_, delta) => told.push(...Object.keys(delta?.put.nodes ?? {})),
    });
    vi.advanceTimersByTime(1_000);
    recorder.record((append) => append('n1', { type: 'agent.hello', bootId: 'boot-1', version: '1' }));
    cluster.put('pod', buildClusterPod(1, { nodeName: 'n2' }));
    vi.advanceTimersByTime(3_000);
    expect(told).toEqual(['n2']);
    expect(fold.cluster().nodes.n1?.agent.version).toBe('1');
  } finally {
    vi.useRealTimers();
  }
});

test('a node that is let go of and read again shows the same, and its browsers get what they can apply', () => {
  using world = openWorld(() => new Date(), { checkpointWeight: 1e9, heldRecords: 20 });
  const { fold, recorder } = world;
  const told: [string, boolean][] = [];
  fold.listen({
    nodeChanged: (name, topology, delta) => told.push([name, topology !== undefined && delta === undefined]),
    invocationsArrived: () => undefined,
    clusterChanged: () => undefined,
  });
  const names = ['a', 'b', 'c'];
  for (const name of names) {
    recorder.record((append) => {
      append(name, { type: 'kernel.snapshot', snapshot: buildSnapshot([1, 2], 1, name) });
      append(name, { type: 'invocation', event: buildInvocation('ADD', 1, { id: `add-${name}` }) });
    });
    fold.flush();
  }
  const before = names.map((name) => JSON.stringify(fold.node(name)?.attachments));
  expect(names.map((name) => JSON.stringify(fold.node(name)?.attachments))).toEqual(before);
  told.length = 0;
  recorder.record((append) => append('a', { type: 'kernel.snapshot', snapshot: buildSnapshot([1], 2, 'a') }));
  fold.flush();
  expect(told.at(-1)).toEqual(['a', true]);
});

test('a restart reads no node whose summary is up to the log, and shows the same tiles', () => {
  const now = new Date();
  const world = openWorld(() => now);
  for (const name of ['a', 'b']) {
    world.recorder.record((append) => {
      append(name, { type: 'kernel.snapshot', snapshot: buildSnapshot([1], 1, name) });
      append(name, { type: 'invocation', event: buildInvocation('ADD', 1, { id: `add-${name}` }) });
    });
  }
  const { nodes } = world.fold.cluster();
  world.fold.close();
  const find = vi.spyOn(world.store.checkpoints, 'find');
  const read = vi.spyOn(world.store.log, 'read');
  const again = openLog({
    store: world.store,
    path: ':memory:',
    source: 'kubernetes',
    log: pino({ level: 'silent' }),
    clock: () => now,
  });
  if (!again.ok) throw new Error(again.error.problem);
  const streams = () => [...find.mock.calls, ...read.mock.calls].map(([stream]) => stream);
  expect(Object.keys(again.value.fold.cluster().nodes)).toEqual(Object.keys(nodes));
  expect(again.value.fold.cluster().nodes.a?.pods).toEqual(nodes.a?.pods);
  expect(streams().filter((stream) => stream !== '')).toEqual([]);
  again.value.fold.close();
  world.store.close();
});
