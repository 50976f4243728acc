import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { NodeTopology } from '#model/topology/topology.ts';
import type { Scope } from '../auth/scope.ts';
import { restrictNode } from './restrict-node.ts';

/** A node of the lab as its agent read it: busybox and nginx1 on cni0, and the uplink, which is the end of a veth pair itself. */
const FIXTURE = new URL('../../components/node/lab-node.fixture.json', import.meta.url);
const text = readFileSync(FIXTURE, 'utf8').replaceAll('default/nginx1', 'other/nginx1');
const whole = NodeTopology.parse(JSON.parse(text));
const nginx = whole.pods['other/nginx1'];
if (nginx !== undefined) Object.assign(nginx, { namespace: 'other' });

const scopeOf = (namespaces: Scope['namespaces'], seesNodes: boolean): Scope => ({ key: 'x', namespaces, seesNodes });
const OTHER = scopeOf(new Set(['other']), false);
const OTHER_WITH_NODES = scopeOf(new Set(['other']), true);

const look = (scope: Scope): NodeTopology => {
  const seen = restrictNode(whole, scope);
  if (seen === undefined) throw new Error('nothing is seen');
  return NodeTopology.parse(JSON.parse(JSON.stringify(seen)));
};
const namesOf = (seen: NodeTopology, isRoot: boolean) =>
  Object.values(seen.links)
    .filter(({ namespaceId }) => (seen.namespaces[namespaceId]?.kind === 'root') === isRoot)
    .map(({ name }) => name)
    .sort();
const attachmentOf = (pod: string) => Object.values(whole.attachments).find((each) => each.pod === pod);
const hostVethOf = (pod: string) => String(attachmentOf(pod)?.reported?.hostVeth);

test('a tenant sees its pod with its whole wire, and of the node the end of that wire and the name of the bridge', () => {
  const seen = look(OTHER);
  expect(Object.keys(seen.pods)).toEqual(['other/nginx1']);
  expect(Object.values(seen.attachments)).toEqual([attachmentOf('other/nginx1')]);
  expect(namesOf(seen, false)).toEqual(['eth0', 'lo']);
  expect(namesOf(seen, true)).toEqual(['cni0', hostVethOf('other/nginx1')]);
  const bridge = Object.values(seen.links).find(({ name }) => name === 'cni0');
  expect(bridge).not.toHaveProperty('mac');
  const podNetns = attachmentOf('other/nginx1')?.namespaceId;
  const own = (records: NodeTopology['routes']) =>
    Object.values(records).filter((each) => each.namespaceId === podNetns);
  expect(own(seen.routes)).toEqual(own(whole.routes));
  expect(own(seen.routes).length).toBeGreaterThan(0);
  expect(Object.values(seen.routes).every(({ namespaceId }) => namespaceId === podNetns)).toBe(true);
});

test('who may not see nodes is told nothing of the node but whether its agent speaks', () => {
  const { node, namespaces } = look(OTHER);
  const omitted = { pods: Object.keys(whole.pods).length - 1, seesNodes: false, podNamespaces: 1 };
  const bare = { pools: [], problems: [], findings: [], drifts: [] };
  expect(node.node).toEqual({
    name: whole.node.node.name,
    agent: { state: whole.node.node.agent.state },
    ...bare,
    omitted,
  });
  const root = Object.values(namespaces).find(({ kind }) => kind === 'root');
  expect(root?.netfilter).toBeUndefined();
  expect(Object.keys(root?.sysctls ?? {}).filter((name) => !name.includes(hostVethOf('other/nginx1')))).toEqual([]);
});

test('who may see nodes sees the uplink, the bridge, the routes between nodes and the rules for networks', () => {
  const seen = look(OTHER_WITH_NODES);
  expect(namesOf(seen, true)).toEqual(['cni0', 'eth0', 'lo', hostVethOf('other/nginx1')]);
  const rootId = Object.values(whole.namespaces).find(({ kind }) => kind === 'root')?.id;
  const main = (topology: NodeTopology) =>
    Object.values(topology.routes).filter(({ namespaceId, table }) => namespaceId === rootId && table === 254);
  expect(main(seen)).toEqual(main(whole));
  const root = rootId === undefined ? undefined : seen.namespaces[rootId];
  expect(root?.sysctls['net.ipv4.ip_forward']).toBe('1');
  const rules = root?.netfilter?.iptables.flatMap((tables) => tables.rules.map((rule) => rule.text));
  expect(rules).toEqual(
    rootId && whole.namespaces[rootId]?.netfilter?.iptables.flatMap((each) => each.rules.map((rule) => rule.text)),
  );
  expect(seen.node.node.facts).toEqual(whole.node.node.facts);
});

test('no record of the other tenant is left, with nodes or without', () => {
  const hidden = attachmentOf('default/busybox');
  const words = [
    'busybox',
    hostVethOf('default/busybox'),
    String(hidden?.containerId),
    String(hidden?.namespaceId),
    String(hidden?.reported?.podMac),
  ];
  for (const scope of [OTHER, OTHER_WITH_NODES]) {
    const seen = JSON.stringify(look(scope));
    for (const word of words) {
      expect(text).toContain(word);
      expect(seen).not.toContain(word);
    }
  }
});

test('records that may be seen keep their identity, so that only what changes is told', () => {
  const [first, second] = [restrictNode(whole, OTHER_WITH_NODES), restrictNode(whole, OTHER_WITH_NODES)];
  for (const key of Object.keys(first?.links ?? {})) expect(first?.links[key]).toBe(second?.links[key]);
  for (const key of Object.keys(first?.pods ?? {})) expect(first?.pods[key]).toBe(second?.pods[key]);
});

test('a node without a pod that may be seen is not there for who may not see nodes', () => {
  expect(restrictNode(whole, scopeOf(new Set(['elsewhere']), false))).toBeUndefined();
  expect(look(scopeOf(new Set(), true)).pods).toEqual({});
});

test('the address of a pod that has ended does not show the neighbour that has it now', () => {
  const hidden = attachmentOf('default/busybox')?.reported;
  const address = hidden?.addresses[0]?.split('/')[0] ?? '';
  const old = { ...whole.pods['other/nginx1'], name: 'old', key: 'other/old', phase: 'Succeeded', podIps: [address] };
  const reused = NodeTopology.parse({ ...whole, pods: { ...whole.pods, 'other/old': old } });
  expect(Object.values(whole.neighbours).map(({ ip }) => ip)).toContain(address);
  const seen = restrictNode(reused, OTHER_WITH_NODES);
  expect(Object.keys(seen?.pods ?? {})).toContain('other/old');
  expect(JSON.stringify(seen?.neighbours)).not.toContain(address);
  expect(JSON.stringify(seen)).not.toContain(hidden?.podMac);
});
