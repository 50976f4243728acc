import { expect, test } from 'vitest';
import { NodeTopology } from '#model/topology/topology.ts';
import { readLabNode } from './read-fixture.ts';
import { readNodeTables } from './read-node-tables.ts';

const raw = {};

/** The lab's node with something at every hook of the link with the index 2 of its root namespace. */
function hookedNode(): { readonly topology: NodeTopology; readonly link: string; readonly linkName: string } {
  const lab = readLabNode();
  const root = Object.values(lab.namespaces).find(({ kind }) => kind === 'root');
  const index = Object.values(lab.links).find(({ namespaceId }) => namespaceId === root?.id)?.index;
  if (root === undefined || index === undefined) throw new Error('no root namespace with a link');
  const on = { linkIndex: index };
  const hooks = {
    trafficControl: {
      qdiscs: [{ ...on, kind: 'htb', handle: '1:', parent: 'root', raw }],
      classes: [{ ...on, kind: 'htb', handle: '1:20', parent: '1:1', leaf: '20:', raw }],
      filters: [
        {
          ...{
            ...on,
            parent: 'ingress',
            kind: 'bpf',
            priority: 1,
            protocol: 'all',
            handle: 1,
            chain: 0,
            block: 22,
            raw,
          },
          bpf: { name: 'from_host', id: 7, tag: 'aa' },
        },
      ],
    },
    bpf: {
      programs: [
        { ...on, hook: 'tcx/ingress', position: 1, programId: 9, name: 'cil_from', tag: 'bb', type: 'sched_cls' },
        { hook: 'sk_lookup', position: 0, programId: 10 },
      ],
    },
    bridgeVlans: [{ ...on, vlans: [{ first: 10, last: 19, isPvid: false, isUntagged: false }] }],
    wireguard: [{ ...on, peers: [{ publicKey: 'k=', endpoint: '192.0.2.1:51820', allowedIps: ['10.1.0.0/16'] }] }],
  };
  const namespaces = { ...lab.namespaces, [root.id]: { ...root, ...hooks } };
  const link = `${root.id}/${index}`;
  return { topology: NodeTopology.parse({ ...lab, namespaces }), link, linkName: lab.links[link]?.name ?? '' };
}

const readHooks = (topology: NodeTopology) => readNodeTables(topology).find(({ id }) => id === 'hooks');

test('whatever takes packets aside is a row with its link, its place and how it is set', () => {
  const { topology, link, linkName } = hookedNode();
  const rows = readHooks(topology)?.rows ?? [];
  expect(rows.map(({ cells }) => cells)).toEqual([
    ['qdisc', 'root', linkName, 'root', 'htb 1:'],
    ['class', 'root', linkName, '1:1', 'htb 1:20 leaf 20:'],
    ['filter', 'root', linkName, 'ingress', 'bpf from_host id 7 tag aa pref 1 protocol all chain 0 block 22'],
    ['BPF', 'root', linkName, 'tcx/ingress 1', 'sched_cls cil_from id 9 tag bb'],
    ['BPF', 'root', '–', 'sk_lookup 0', 'program id 10'],
    ['VLAN', 'root', linkName, '10-19', 'tagged'],
    ['WireGuard peer', 'root', linkName, '192.0.2.1:51820', 'k= 10.1.0.0/16'],
  ]);
  expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
  expect(rows[0]?.selection).toBe(`link:${link}`);
});

test('what the agent may not ask of BPF is said, and a node that has no hook says so', () => {
  const lab = readLabNode();
  expect(readHooks(lab)).toMatchObject({ rows: [], problems: [] });
  const problem = 'BPF programs: bpf command 11: EPERM';
  const namespaces = Object.fromEntries(
    Object.entries(lab.namespaces).map(([id, each]) => [id, { ...each, bpf: { programs: [], problem } }]),
  );
  expect(readHooks({ ...lab, namespaces })?.problems).toEqual([problem]);
});
