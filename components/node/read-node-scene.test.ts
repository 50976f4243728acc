import { describe, expect, it } from 'vitest';
import type { NodeTopology } from '#model/topology/topology.ts';
import { findRelated } from './find-related.ts';
import { addPod, readLabNode } from './read-fixture.ts';
import { readNodeScene } from './read-node-scene.ts';

const cardOf = (topology: NodeTopology, title: string) =>
  readNodeScene(topology)
    .banks.flatMap((bank) => bank.cards)
    .find((card) => card.title === title);

function rootOf(topology: NodeTopology): string {
  const root = Object.values(topology.namespaces).find((namespace) => namespace.kind === 'root');
  if (root === undefined) {
    throw new Error('no root namespace');
  }
  return root.id;
}

describe('readNodeScene', () => {
  it('finds uplink, bridge and wires of the lab, and hides only lo', () => {
    const scene = readNodeScene(readLabNode());
    expect(scene.uplinks.map((link) => [link.name, link.addresses, link.isDefault])).toEqual([
      ['eth0', ['192.168.31.163/24'], true],
    ]);
    expect(scene.banks.map((bank) => [bank.label, bank.bridge?.portCount, bank.bridge?.pool?.used])).toEqual([
      ['cni0', 2, 2],
    ]);
    expect(scene.otherLinks).toEqual([]);
    expect(scene.hiddenLinks.map((link) => link.name)).toEqual(['lo']);
  });

  it('reads the main table with the default route on top', () => {
    expect(
      readNodeScene(readLabNode()).routes.map((route) => `${route.destination} ${route.path} ${route.protocol}`),
    ).toEqual([
      'default via 192.168.31.1 dev eth0 static',
      '10.240.1.0/24 via 192.168.31.162 dev eth0 podwire',
      '10.240.2.0/24 dev cni0 src 10.240.2.1 kernel',
      '192.168.31.0/24 dev eth0 src 192.168.31.163 kernel',
    ]);
  });

  it('reads policy, rules and sysctls, and leaves unread what was not read', () => {
    const node = readLabNode();
    const values = (topology: NodeTopology) => readNodeScene(topology).facts.map(({ id, value }) => [id, value]);
    expect(values(node)).toEqual([
      ['forward-policy', 'DROP'],
      ['accept-rules', '2 rules'],
      ['masquerade', '1 rule'],
      ['ip_forward', '1'],
      ['bridge-nf-call-iptables', '1'],
    ]);
    const root = rootOf(node);
    const { netfilter: _, ...bare } = node.namespaces[root]!;
    const unread = { ...node, namespaces: { ...node.namespaces, [root]: { ...bare, sysctls: {} } } };
    expect(values(unread).map(([, value]) => value)).toEqual([undefined, undefined, undefined, undefined, undefined]);
  });

  it('says of what a person may not see that it is not shown, never that it is not there', () => {
    const node = readLabNode();
    const root = rootOf(node);
    const head = { ...node.node.node, pools: [], omitted: { pods: 3, seesNodes: false, podNamespaces: 1 } };
    const { netfilter: _, ...bare } = node.namespaces[root]!;
    const part: NodeTopology = {
      ...node,
      node: { node: head },
      namespaces: { ...node.namespaces, [root]: { ...bare, sysctls: {} } },
      routes: {},
      addresses: {},
    };
    const scene = readNodeScene(part);
    expect(scene.routesNote).toMatch(/^not shown/);
    expect(new Set(scene.facts.map(({ value, unknown }) => value ?? unknown))).toEqual(new Set(['not shown']));
    const [bank] = scene.banks;
    expect(bank?.bridge).toMatchObject({ hasHiddenPorts: true, addressNote: 'address not shown' });
  });

  it('gives a wired pod its address and MAC from the kernel', () => {
    expect(cardOf(readLabNode(), 'nginx1')).toMatchObject({
      ip: '10.240.2.3',
      mac: '0a:58:0a:f0:02:03',
      ifName: 'eth0',
      state: 'wired',
      tone: 'good',
      isInferred: false,
    });
  });

  it('says what is wrong with a pod that has no wire, and red is for a failed ADD alone', () => {
    const failing = addPod(readLabNode(), {
      name: 'web-0',
      failedAdds: 4,
      message: 'no free address in 10.240.2.0/24',
    });
    expect(cardOf(failing, 'web-0')).toMatchObject({
      state: 'failing',
      tone: 'bad',
      status: 'ADD failed 4×',
      reason: 'no free address in 10.240.2.0/24',
    });
    expect(cardOf(addPod(readLabNode(), { name: 'new' }), 'new')).toMatchObject({ state: 'creating', tone: 'quiet' });
    const lost = addPod(readLabNode(), { name: 'lost', phase: 'Running', status: 'Running' });
    expect(cardOf(lost, 'lost')).toMatchObject({ state: 'unwired', tone: 'warning' });
  });

  it('draws a hostNetwork pod apart, without wire', () => {
    const scene = readNodeScene(addPod(readLabNode(), { name: 'proxy', hostNetwork: true, status: 'Running' }));
    const bank = scene.banks.find((candidate) => candidate.kind === 'host-network');
    expect(bank?.cards.map((card) => [card.title, card.state])).toEqual([['proxy', 'host-network']]);
  });

  it('claims nothing of a node whose kernel was never read', () => {
    const node = readLabNode();
    const silent = { ...node, namespaces: {}, links: {}, addresses: {}, routes: {}, attachments: {} };
    const scene = readNodeScene(silent);
    expect(scene.rootId).toBeUndefined();
    expect(scene.facts.every((fact) => fact.value === undefined)).toBe(true);
    expect(scene.banks.flatMap((bank) => bank.cards).map((card) => card.state)).toEqual(['unknown', 'unknown']);
  });

  it('shows a node before its first ADD as one without bridge, and where its pods will hang', () => {
    const node = readLabNode();
    const root = rootOf(node);
    const links = Object.fromEntries(
      Object.entries(node.links).filter(([, link]) => link.namespaceId === root && link.index <= 2),
    );
    const scene = readNodeScene(addPod({ ...node, links, attachments: {}, pods: {} }, { name: 'first' }));
    expect(scene.banks.map((bank) => [bank.id, bank.cards.map((card) => card.title)])).toEqual([
      ['no-bridge', ['first']],
    ]);
  });

  it('draws a veth without bridge as routed, and a bridge port of nobody as a port', () => {
    const node = readLabNode();
    const [key, attachment] = Object.entries(node.attachments)[0]!;
    const { bridgeIndex: _, ...routed } = attachment;
    const scene = readNodeScene({
      ...node,
      attachments: { [key]: routed },
      pods: { [routed.pod!]: node.pods[routed.pod!]! },
    });
    expect(scene.banks.map((bank) => [bank.kind, bank.cards.map((card) => card.state)])).toEqual([
      ['bridge', ['port']],
      ['routed', ['wired']],
    ]);
  });
});

describe('findRelated', () => {
  it('lights the wire of a pod end to end, and the route that leads to it', () => {
    const node = readLabNode();
    const root = rootOf(node);
    const related = findRelated(node, readNodeScene(node), 'pod:default/nginx1');
    expect([...related].filter((id) => /^(pod|link):/.test(id) && !id.includes('undefined')).sort()).toEqual(
      ['pod:default/nginx1', `link:${root}/3`, `link:${root}/5`, `link:${podNamespace(node)}/2`].sort(),
    );
    expect([...related].filter((id) => id.startsWith(`route:${root}`))).toEqual([
      `route:${root}/inet 254 unicast 10.240.2.0/24 dev 3`,
    ]);
    expect([...related].some((id) => id.startsWith('fdb:'))).toBe(true);
  });

  it('lights every pod that a route or a bridge leads to', () => {
    const node = readLabNode();
    const root = rootOf(node);
    const pods = (selection: string) =>
      [...findRelated(node, readNodeScene(node), selection)].filter((id) => id.startsWith('pod:')).sort();
    expect(pods(`link:${root}/3`)).toEqual(['pod:default/busybox', 'pod:default/nginx1']);
    expect(pods(`route:${root}/inet 254 unicast 10.240.2.0/24 dev 3`)).toEqual([
      'pod:default/busybox',
      'pod:default/nginx1',
    ]);
    expect(pods(`route:${root}/inet 254 unicast default via 192.168.31.1 dev 2`)).toEqual([]);
  });
});

function podNamespace(node: NodeTopology): string {
  return Object.values(node.attachments).find((attachment) => attachment.pod === 'default/nginx1')?.namespaceId ?? '';
}
