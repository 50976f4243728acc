import type { Iptables } from '#model/kernel/kernel-snapshot.ts';
import type { NodeTopology } from '#model/topology/topology.ts';
import {
  type ComparableKernel,
  type ComparableNetfilter,
  completePrefix,
  describeRecord,
} from './comparable-kernel.ts';

/** One namespace as `GET /api/v1/nodes/{node}` tells it. */
export function describeTopologyKernel(topology: NodeTopology, namespaceId: string): ComparableKernel {
  const select = <Value extends { readonly namespaceId: string }>(collection: Readonly<Record<string, Value>>) =>
    Object.values(collection).filter((value) => value.namespaceId === namespaceId);
  const links = select(topology.links);
  const names = new Map<number | undefined, string>(links.map(({ index, name }) => [index, name]));
  const nameOf = (index: number | undefined): string | undefined =>
    index === undefined ? undefined : (names.get(index) ?? `#${index}`);

  return {
    links: links.map((link) => describeTopologyLink(link, nameOf)).sort(),
    addresses: select(topology.addresses)
      .map((address) =>
        describeRecord([
          ['dev', nameOf(address.linkIndex)],
          ['family', address.family],
          ['prefix', address.prefix],
          ['scope', address.scope],
        ]),
      )
      .sort(),
    routes: select(topology.routes)
      .map((route) => describeTopologyRoute(route, nameOf))
      .sort(),
    rules: select(topology.rules)
      .map((rule) =>
        describeRecord([
          ['family', rule.family],
          ['priority', rule.priority],
          ['from', rule.from === 'all' ? undefined : rule.from],
          ['to', rule.to],
          ['iif', rule.inputLink],
          ['table', rule.table],
        ]),
      )
      .sort(),
    neighbours: select(topology.neighbours)
      .map(({ linkIndex, ip, mac }) =>
        describeRecord([
          ['dev', nameOf(linkIndex)],
          ['ip', ip],
          ['mac', mac],
        ]),
      )
      .sort(),
    fdb: select(topology.fdb)
      .map(({ linkIndex, mac, vlan, masterIndex, remoteIp }) =>
        describeRecord([
          ['dev', nameOf(linkIndex)],
          ['mac', mac],
          ['vlan', vlan],
          ['master', nameOf(masterIndex)],
          ['remote', remoteIp],
        ]),
      )
      .sort(),
  };
}

type NameOf = (index: number | undefined) => string | undefined;

function describeTopologyLink(link: NodeTopology['links'][string], nameOf: NameOf): string {
  return describeRecord([
    ['index', link.index],
    ['name', link.name],
    ['kind', link.kind],
    ['mac', link.mac],
    ['mtu', link.mtuBytes],
    // `ip` does not print RUNNING: it says NO-CARRIER where it is missing.
    [
      'flags',
      link.flags
        .filter((flag) => flag !== 'RUNNING')
        .toSorted()
        .join(','),
    ],
    ['state', link.operState],
    ['master', nameOf(link.masterIndex)],
    ['peer', link.peer?.index],
  ]);
}

function describeTopologyRoute(route: NodeTopology['routes'][string], nameOf: NameOf): string {
  return describeRecord([
    ['family', route.family],
    ['table', route.table],
    ['type', route.type],
    ['to', completePrefix(route.destination)],
    ['via', route.gateway],
    ['dev', nameOf(route.linkIndex)],
    ['protocol', route.protocol],
    ['scope', route.scope],
    ['src', route.preferredSource],
    ['metric', route.metric === 0 ? undefined : route.metric],
    ['hops', route.nextHops?.map((hop) => `${hop.gateway ?? ''}%${nameOf(hop.linkIndex) ?? ''}`).join(',')],
  ]);
}

/** The tables of one namespace, IPv4 first. */
export function describeTopologyNetfilter(iptables: readonly Iptables[]): ComparableNetfilter {
  return {
    chains: iptables
      .flatMap(({ family, chains }) =>
        chains.map(({ table, chain, policy }) => `${family} ${table} ${chain} ${policy ?? '-'}`),
      )
      .sort(),
    rules: iptables
      .flatMap(({ family, rules }) => rules.map(({ table, text, number }) => `${family} ${table} ${text} #${number}`))
      .sort(),
  };
}
