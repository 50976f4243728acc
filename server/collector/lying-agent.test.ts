import { expect, test } from 'vitest';
import { PodBody } from '#model/protocol/rest.ts';
import { buildClusterNode, buildClusterPod, buildInvocation, buildSnapshot } from '#model/testing/build-node.ts';
import { startTestServer } from '../testing/start-test-server.ts';

const NODE = 'k8s-node01';
const LIAR = 'controlplane';
/** Of `pod1`, on k8s-node01. */
const PATHS = [
  `/api/v1/nodes/${NODE}`,
  `/api/v1/nodes/${NODE}/kernel`,
  `/api/v1/events?node=${NODE}`,
  '/api/v1/events/a',
];

const say = (verb: 'ADD' | 'DEL', id: string, fails = false) =>
  ({ type: 'invocation', event: buildInvocation(verb, 1, { id, fails }) }) as const;

test('an agent that speaks of another node’s pods as if they were its own changes nothing of that node, and says itself whose words they are', async () => {
  await using app = await startTestServer(undefined, undefined, { clock: () => new Date('2026-01-01T00:00:10Z') });
  const { cluster } = app.server;
  for (const name of [NODE, LIAR]) cluster.put('node', buildClusterNode(name, '10.240.2.0/24'));
  cluster.put('pod', buildClusterPod(1));
  await app.post(1, [{ type: 'kernel.snapshot', snapshot: buildSnapshot([1]) }, say('ADD', 'a')]);
  const readAll = () => Promise.all(PATHS.map(async (path) => (await app.get(path)).body));
  const readPod = async () => PodBody.parse((await app.get('/api/v1/pods/default/pod1')).body);
  const [before, podBefore] = [await readAll(), await readPod()];
  expect(podBefore).toMatchObject({ node: NODE, pod: { name: 'pod1' }, attachments: [{ hostLinkIndex: 11 }] });

  // Its `source` names the other node, and so do the container, the wire, the address; one has the id of a true event.
  const lies = [say('DEL', 'a'), say('DEL', 'b'), say('ADD', 'c', true), say('ADD', 'd')];
  const snapshot = { type: 'kernel.snapshot', snapshot: buildSnapshot([1], 1, LIAR) } as const;
  expect(await app.post(1, [snapshot, ...lies], { node: LIAR })).toMatchObject({ status: 200 });

  expect(await readAll()).toEqual(before);
  const { invocations, ...pod } = await readPod();
  expect(pod).toEqual({ attachments: podBefore.attachments, node: podBefore.node, pod: podBefore.pod });
  const told = invocations.map(({ id, verb, node }) => `${node}: ${verb} ${id}`);
  expect(told.toSorted()).toEqual([`${LIAR}: ADD c`, `${LIAR}: ADD d`, `${LIAR}: DEL b`, `${NODE}: ADD a`].toSorted());
  const metrics = await (await fetch(`${app.url}/metrics`)).text();
  expect(metrics).toContain('podwire_ingest_foreign_sources_total 4\n');
});
