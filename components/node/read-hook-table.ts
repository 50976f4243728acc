import type { NodeTopology, TopologyNamespace } from '#model/topology/topology.ts';
import type { NodeTable, NodeTableRow } from './node-table.ts';

/** What takes packets aside before or behind routing, and where: the kind, the link (absent: the whole namespace), the place, the words. */
type Hook = readonly [kind: string, linkIndex: number | undefined, place: string, words: string];

/** Names as the other tables say them. */
type Names = {
  readonly ofNamespace: (id: string) => string;
  readonly ofLink: (namespaceId: string, index: number | undefined) => string;
};

/** Qdiscs, classes, filters, BPF programs, VLANs of bridges and WireGuard peers of a node. */
export function readHookTable(topology: NodeTopology, names: Names): NodeTable {
  const namespaces = Object.values(topology.namespaces);
  const rows = namespaces.flatMap((namespace) =>
    listHooks(namespace).map(([kind, linkIndex, place, words], number): NodeTableRow => {
      const link = linkIndex === undefined ? undefined : `link:${namespace.id}/${linkIndex}`;
      const cells = [kind, names.ofNamespace(namespace.id), names.ofLink(namespace.id, linkIndex), place, words];
      return { id: `hook:${namespace.id}/${number}`, selection: link, cells };
    }),
  );
  const root = namespaces.find(({ kind }) => kind === 'root');
  return {
    id: 'hooks',
    label: 'Hooks',
    columns: ['hook', 'namespace', 'link', 'place', 'as it is set'],
    rows,
    empty: 'No qdisc, filter, BPF program, VLAN or peer is attached.',
    problems: root?.bpf?.problem === undefined ? [] : [root.bpf.problem],
  };
}

function listHooks({ trafficControl, bpf, bridgeVlans, wireguard }: TopologyNamespace): readonly Hook[] {
  const { qdiscs = [], classes = [], filters = [] } = trafficControl ?? {};
  return [
    ...qdiscs.map((each): Hook => ['qdisc', each.linkIndex, each.parent, `${each.kind} ${each.handle}`]),
    ...classes.map((each): Hook => {
      const leaf = each.leaf === undefined ? '' : ` leaf ${each.leaf}`;
      return ['class', each.linkIndex, each.parent, `${each.kind} ${each.handle}${leaf}`];
    }),
    ...filters.map((each): Hook => {
      const program = each.bpf === undefined ? '' : ` ${describeProgram(each.bpf)}`;
      const block = each.block === undefined ? '' : ` block ${each.block}`;
      const words = `${each.kind}${program} pref ${each.priority} protocol ${each.protocol} chain ${each.chain}${block}`;
      return ['filter', each.linkIndex, each.parent, words];
    }),
    ...(bpf?.programs ?? []).map((each): Hook => {
      const { programId: id, type = 'program' } = each;
      return ['BPF', each.linkIndex, `${each.hook} ${each.position}`, `${type} ${describeProgram({ ...each, id })}`];
    }),
    ...(bridgeVlans ?? []).flatMap(({ linkIndex, vlans }) =>
      vlans.map(({ first, last, isPvid, isUntagged }): Hook => {
        const place = first === last ? String(first) : `${first}-${last}`;
        return ['VLAN', linkIndex, place, `${isPvid ? 'PVID ' : ''}${isUntagged ? 'untagged' : 'tagged'}`];
      }),
    ),
    ...(wireguard ?? []).flatMap(({ linkIndex, peers }) =>
      peers.map(({ publicKey, endpoint = 'no endpoint', allowedIps }): Hook => {
        return ['WireGuard peer', linkIndex, endpoint, `${publicKey} ${allowedIps.join(' ')}`];
      }),
    ),
  ];
}

type Program = {
  readonly name?: string | undefined;
  readonly id?: number | undefined;
  readonly tag?: string | undefined;
};

const describeProgram = ({ name, id, tag }: Program): string =>
  [name, id === undefined ? undefined : `id ${id}`, tag === undefined ? undefined : `tag ${tag}`]
    .filter((word) => word !== undefined)
    .join(' ');
