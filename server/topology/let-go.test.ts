import pino from 'pino';
import { expect, test } from 'vitest';
import type { Finding } from '#model/findings/finding.ts';
import { buildSnapshot } from '#model/testing/build-node.ts';
import { openLog } from '../open-log.ts';
import { openStore } from '../store/open-store.ts';

const finding: Finding = {
  id: 'route/10.240.2.0',
  rule: 'route',
  severity: 'error',
  title: 'no route to 10.240.2.0/24',
  evidence: [],
  since: '2026-01-01T00:00:00.000Z',
};

/** Node `a`, which the fold has let go of for `b`: of it there is a summary, as of every node after a start. */
function openWorld() {
  const store = openStore(':memory:');
  if (!store.ok) throw new Error(store.error.problem);
  const time = { ms: Date.parse('2026-01-01T00:00:00Z') };
  const opened = openLog({
    ...{ store: store.value, path: ':memory:', source: 'none', log: pino({ level: 'silent' }) },
    clock: () => new Date(time.ms),
    limits: { checkpointWeight: 1e9, heldRecords: 1 },
  });
  if (!opened.ok) throw new Error(opened.error.problem);
  const { fold, recorder, cluster } = opened.value;
  for (const name of ['a', 'b']) {
    recorder.record((append) => append(name, { type: 'kernel.snapshot', snapshot: buildSnapshot([1, 2], 1, name) }));
    fold.flush();
  }
  const close = () => {
    cluster.close();
    fold.close();
    store.value.close();
  };
  return { fold, recorder, time, [Symbol.dispose]: close };
}

const ignore = { nodeChanged: () => undefined, invocationsArrived: () => undefined, clusterChanged: () => undefined };

test('what is found wrong on a node whose fold is not held is on its tile and told, and so is that it is mended', () => {
  using world = openWorld();
  const { fold, recorder } = world;
  const told: [string, number][] = [];
  fold.listen({ ...ignore, findingsChanged: (name, findings) => told.push([name, findings.length]) });
  for (const findings of [[finding], []]) {
    recorder.record((append) => append('a', { type: 'agent.findings', findings }));
    expect(fold.cluster().nodes.a?.findings.error).toBe(findings.length);
    expect(told.at(-1)).toEqual(['a', findings.length]);
  }
});

test('whoever watches a node whose fold is not held hears that its agent went silent', () => {
  using world = openWorld();
  const { fold, time } = world;
  const states: (string | undefined)[] = [];
  fold.listen({
    ...ignore,
    nodeChanged: (name, topology) => name === 'a' && states.push(topology?.node.node?.agent.state),
    isWatching: (name) => name === 'a',
  });
  time.ms += 60_000;
  fold.tick();
  fold.flush();
  expect(states).toEqual(['stale']);
});
