import type { NodeTopology, TopologyNamespace } from '#model/topology/topology.ts';
import { nameUnknown } from '../access/describe-omission.ts';
import { formatDuration } from '../ui/format-duration.ts';
import type { NodeTable } from './node-table.ts';
import { readHookTable } from './read-hook-table.ts';
import { readNetfilterRows } from './read-netfilter-rows.ts';

type Named = { readonly namespaceId: string };

/** Every record that the collector holds of one node, of every namespace, the root namespace first. */
export function readNodeTables(topology: NodeTopology): readonly NodeTable[] {
  return [
    readPodTable(topology),
    readLinkTable(topology),
    readAddressTable(topology),
    readRouteTable(topology),
    readRuleTable(topology),
    readNeighbourTable(topology),
    readFdbTable(topology),
    readNetfilterTable(topology),
    readHookTable(topology, {
      ofNamespace: (id) => nameNamespace(topology, id),
      ofLink: (id, index) => nameLink(topology, id, index),
    }),
    readSysctlTable(topology),
  ];
}

const NONE = 'The kernel reading holds none.';

const text = (value: string | number | undefined): string => (value === undefined ? '–' : String(value));

/** `root`, the pod that owns the namespace, or its inode. */
export function nameNamespace(topology: NodeTopology, id: string): string {
  const namespace = topology.namespaces[id];
  return namespace?.kind === 'root' ? 'root' : (namespace?.pod ?? `net:[${id}]`);
}

function nameLink(topology: NodeTopology, namespaceId: string, index: number | undefined): string {
  return index === undefined ? '–' : (topology.links[`${namespaceId}/${index}`]?.name ?? `#${index}`);
}

/** Root first, then by name of the namespace, then as the kernel numbers them. */
function sortRecords<T extends Named>(topology: NodeTopology, records: Readonly<Record<string, T>>) {
  const rank = (record: T): string => {
    const name = nameNamespace(topology, record.namespaceId);
    return name === 'root' ? '' : name;
  };
  return Object.entries(records).sort(
    ([keyA, a], [keyB, b]) => rank(a).localeCompare(rank(b), 'en') || keyA.localeCompare(keyB, 'en', { numeric: true }),
  );
}

function readPodTable(topology: NodeTopology): NodeTable {
  const pods = Object.values(topology.pods).sort((a, b) => a.key.localeCompare(b.key, 'en'));
  const attachments = Object.values(topology.attachments);
  const rows = pods.map((pod) => {
    const own = attachments.filter((attachment) => attachment.pod === pod.key);
    const veths = own.map((attachment) => {
      const root = Object.values(topology.namespaces).find((namespace) => namespace.kind === 'root')?.id ?? '';
      return `${attachment.ifName} ↔ ${nameLink(topology, root, attachment.hostLinkIndex)}`;
    });
    const evidence = own.flatMap((attachment) => attachment.evidence).join(', ');
    const add = pod.lastAdd === undefined ? '–' : `${pod.lastAdd.outcome} ${formatDuration(pod.lastAdd.durationUs)}`;
    return {
      id: `pod:${pod.key}`,
      selection: `pod:${pod.key}`,
      cells: [pod.key, pod.status, pod.podIps.join(' ') || '–', veths.join(', ') || '–', evidence || '–', add],
    };
  });
  const strangers = attachments
    .filter((attachment) => attachment.pod === undefined || topology.pods[attachment.pod] === undefined)
    .map((attachment) => ({
      id: `attachment:${attachment.id}`,
      selection: `attachment:${attachment.id}`,
      cells: [attachment.id, 'not in Kubernetes', '–', attachment.ifName, attachment.evidence.join(', ') || '–', '–'],
    }));
  return {
    id: 'pods',
    label: 'Pods & attachments',
    columns: ['pod', 'status', 'pod IPs', 'wire', 'evidence', 'last ADD'],
    rows: [...rows, ...strangers],
    empty: 'No pod is on this node.',
    problems: [],
  };
}

function readLinkTable(topology: NodeTopology): NodeTable {
  const rows = sortRecords(topology, topology.links).map(([key, link]) => ({
    id: `link:${key}`,
    selection: `link:${key}`,
    cells: [
      link.name,
      nameNamespace(topology, link.namespaceId),
      text(link.index),
      link.kind ?? 'device',
      text(link.mac),
      text(link.mtuBytes),
      link.operState,
      nameLink(topology, link.namespaceId, link.masterIndex),
      link.flags.join(' '),
    ],
  }));
  const columns = ['name', 'namespace', 'ifindex', 'kind', 'MAC', 'MTU', 'state', 'master', 'flags'];
  return { id: 'links', label: 'Links', columns, rows, empty: NONE, problems: [] };
}

function readAddressTable(topology: NodeTopology): NodeTable {
  const rows = sortRecords(topology, topology.addresses).map(([key, address]) => ({
    id: `address:${key}`,
    selection: `link:${address.namespaceId}/${address.linkIndex}`,
    cells: [
      address.prefix,
      nameNamespace(topology, address.namespaceId),
      nameLink(topology, address.namespaceId, address.linkIndex),
      address.scope,
      address.flags.join(' '),
    ],
  }));
  const columns = ['address', 'namespace', 'link', 'scope', 'flags'];
  return { id: 'addresses', label: 'Addresses', columns, rows, empty: NONE, problems: [] };
}

const TABLES: Readonly<Record<number, string>> = { 253: 'default', 254: 'main', 255: 'local' };

function readRouteTable(topology: NodeTopology): NodeTable {
  const rows = sortRecords(topology, topology.routes).map(([key, route]) => ({
    id: `route:${key}`,
    selection: `route:${key}`,
    cells: [
      route.destination,
      nameNamespace(topology, route.namespaceId),
      TABLES[route.table] ?? text(route.table),
      route.type,
      text(route.gateway),
      nameLink(topology, route.namespaceId, route.linkIndex),
      text(route.preferredSource),
      route.protocol,
      text(route.metric),
    ],
  }));
  const columns = ['destination', 'namespace', 'table', 'type', 'via', 'dev', 'src', 'protocol', 'metric'];
  return { id: 'routes', label: 'Routes', columns, rows, empty: NONE, problems: [] };
}

function readRuleTable(topology: NodeTopology): NodeTable {
  const rows = sortRecords(topology, topology.rules).map(([key, rule]) => ({
    id: `rule:${key}`,
    selection: undefined,
    cells: [
      text(rule.priority),
      nameNamespace(topology, rule.namespaceId),
      rule.family,
      rule.from ?? 'all',
      rule.to ?? 'all',
      text(rule.mark),
      rule.table === undefined ? rule.action : `${rule.action} ${TABLES[rule.table] ?? rule.table}`,
    ],
  }));
  const columns = ['priority', 'namespace', 'family', 'from', 'to', 'mark', 'action'];
  return { id: 'rules', label: 'Rules', columns, rows, empty: NONE, problems: [] };
}

function readNeighbourTable(topology: NodeTopology): NodeTable {
  const rows = sortRecords(topology, topology.neighbours).map(([key, neighbour]) => ({
    id: `neighbour:${key}`,
    selection: `link:${neighbour.namespaceId}/${neighbour.linkIndex}`,
    cells: [
      neighbour.ip,
      nameNamespace(topology, neighbour.namespaceId),
      nameLink(topology, neighbour.namespaceId, neighbour.linkIndex),
      text(neighbour.mac),
      neighbour.state,
    ],
  }));
  const columns = ['IP', 'namespace', 'dev', 'MAC', 'state'];
  return { id: 'neighbours', label: 'Neighbours', columns, rows, empty: NONE, problems: [] };
}

function readFdbTable(topology: NodeTopology): NodeTable {
  const rows = sortRecords(topology, topology.fdb).map(([key, entry]) => ({
    id: `fdb:${key}`,
    selection: `link:${entry.namespaceId}/${entry.linkIndex}`,
    cells: [
      entry.mac,
      nameNamespace(topology, entry.namespaceId),
      nameLink(topology, entry.namespaceId, entry.linkIndex),
      nameLink(topology, entry.namespaceId, entry.masterIndex),
      text(entry.vlan),
      text(entry.remoteIp),
      entry.state,
    ],
  }));
  const columns = ['MAC', 'namespace', 'dev', 'master', 'vlan', 'remote', 'state'];
  return { id: 'fdb', label: 'Fdb', columns, rows, empty: NONE, problems: [] };
}

const listNamespaces = (topology: NodeTopology): readonly TopologyNamespace[] =>
  Object.values(topology.namespaces).sort((a, b) =>
    a.kind === b.kind ? a.id.localeCompare(b.id, 'en', { numeric: true }) : a.kind === 'root' ? -1 : 1,
  );

function readNetfilterTable(topology: NodeTopology): NodeTable {
  const namespaces = listNamespaces(topology).filter((namespace) => namespace.netfilter !== undefined);
  return {
    id: 'netfilter',
    label: 'Netfilter',
    columns: ['rule', 'namespace', 'table', 'chain', 'packets', 'bytes'],
    rows: namespaces.flatMap((namespace) => readNetfilterRows(namespace, nameNamespace(topology, namespace.id))),
    empty:
      namespaces.length === 0
        ? `Netfilter is ${nameUnknown(topology.node.node?.omitted)}.`
        : 'No rule and no chain in any namespace.',
    problems: namespaces.flatMap((namespace) => namespace.netfilter?.problems ?? []),
  };
}

function readSysctlTable(topology: NodeTopology): NodeTable {
  const rows = listNamespaces(topology).flatMap((namespace) =>
    Object.entries(namespace.sysctls)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => ({
        id: `sysctl:${namespace.id}/${key}`,
        selection: undefined,
        cells: [key, nameNamespace(topology, namespace.id), value],
      })),
  );
  const columns = ['sysctl', 'namespace', 'value'];
  return { id: 'sysctls', label: 'Sysctls', columns, rows, empty: 'No sysctl was read.', problems: [] };
}
