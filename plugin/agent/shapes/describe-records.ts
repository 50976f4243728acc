import type { Link, NetworkNamespace } from '#model/kernel/kernel-snapshot.ts';
import { type Described, describeFields, describeRuleset } from './describe-fields.ts';

/** States that a neighbour or bridge entry runs through by itself, between one reading and the next. */
const settled = (state: string): string => (/reachable|stale|delay|probe/.test(state) ? 'confirmed' : state);
const isSilent = ({ state, flags }: { readonly state: string; readonly flags: readonly string[] }): boolean =>
  /incomplete|failed|none/.test(state) && !flags.includes('proxy');

/** One namespace as the agent tells it, every record as one line of facts that iproute2 and the others tell as well. */
export function describeRecords(namespace: NetworkNamespace): Described {
  const nameOf = (index: number | undefined) => namespace.links.find((link) => link.index === index)?.name;
  const { links, addresses, routes, rules, neighbours, fdb, nextHops = [] } = namespace;
  return {
    links: links.map((link) => describeLink(link, nameOf)).sort(),
    addresses: addresses
      .map(({ linkIndex, family, prefix, scope }) => describeFields({ dev: nameOf(linkIndex), family, prefix, scope }))
      .sort(),
    routes: routes.map((route) => describeRoute(route, nameOf)).sort(),
    rules: rules
      .map(({ family, priority, from, to, inputLink: iif, outputLink: oif, mark, table, action }) =>
        describeFields({ family, priority, from, to, iif, oif, mark, table, action }),
      )
      .sort(),
    neighbours: neighbours
      .filter((neighbour) => !isSilent(neighbour))
      .map(({ linkIndex, ip, mac, state, flags }) =>
        describeFields({
          dev: nameOf(linkIndex),
          ip,
          mac,
          ...(flags.includes('proxy') ? { proxy: true } : { state: settled(state) }),
        }),
      )
      .sort(),
    fdb: fdb
      .map(({ linkIndex, mac, vlan, masterIndex, remoteIp: dst, state }) =>
        describeFields({ dev: nameOf(linkIndex), mac, vlan, master: nameOf(masterIndex), dst, state: fdbState(state) }),
      )
      .sort(),
    nextHops: nextHops
      .map(({ id, gateway, linkIndex, isBlackhole, group }) =>
        describeFields({
          id,
          gateway,
          dev: nameOf(linkIndex),
          blackhole: isBlackhole || undefined,
          group: group?.map((member) => `${member.id},${member.weight}`).join('/'),
        }),
      )
      .sort(),
    ...describeFirewall(namespace, nameOf),
    problems: namespace.netfilter?.problems ?? ['netfilter was not read'],
  };
}

type Firewall = Pick<Described, 'qdiscs' | 'filters' | 'iptables' | 'nft' | 'ipsets'>;

function describeFirewall({ trafficControl, netfilter }: NetworkNamespace, nameOf: NameOf): Firewall {
  return {
    qdiscs: (trafficControl?.qdiscs ?? [])
      .map(({ linkIndex, kind, handle, parent }) => describeFields({ dev: nameOf(linkIndex), kind, handle, parent }))
      .sort(),
    filters: (trafficControl?.filters ?? [])
      .map(({ linkIndex, parent, kind, priority, protocol, chain }) =>
        describeFields({ dev: nameOf(linkIndex), parent, kind, priority, protocol, chain }),
      )
      .sort(),
    iptables: (netfilter?.iptables ?? [])
      .flatMap(({ family, backend, chains, rules: saved }) => [
        ...chains.map(({ table, chain, policy = '-' }) => `${family} ${backend} ${table} :${chain} ${policy}`),
        ...saved.map(({ table, number, text }) => `${family} ${backend} ${table} ${text} #${number}`),
      ])
      .sort(),
    nft: describeRuleset(netfilter?.nft ?? []),
    ipsets: (netfilter?.ipsets ?? [])
      .flatMap(({ name, kind, family, entries }) => [
        describeFields({ create: name, kind, family }),
        ...entries.map((entry) => `add ${name} ${entry}`),
      ])
      .sort(),
  };
}

/** `bridge fdb` has no word for an entry that was learned and is fresh. */
const fdbState = (state: string): string | undefined => (/reachable|stale/.test(state) ? undefined : state);

type NameOf = (index: number | undefined) => string | undefined;

function describeLink(link: Link, nameOf: NameOf): string {
  const {
    index,
    name,
    kind,
    mac,
    mtuBytes: mtu,
    flags,
    operState,
    masterIndex,
    port,
    vxlan,
    bridge,
    vlan,
    tunnel,
  } = link;
  return describeFields({
    ...{ index, name, kind, mac, mtu, state: operState, master: nameOf(masterIndex) },
    flags: flags
      .filter((flag) => flag !== 'RUNNING')
      .toSorted()
      .join(','),
    lower: link.peer?.index ?? link.parentIndex ?? link.remoteParent?.index,
    port: port && [port.state, port.hairpin, port.isolated, port.learning, port.flood].join(','),
    vxlan: vxlan && [vxlan.id, vxlan.port, vxlan.localIp, vxlan.learning].join(','),
    bridge: bridge && [bridge.vlanFiltering, bridge.stp].join(','),
    vlan: vlan && [vlan.id, vlan.protocol].join(','),
    mode: link.macvlan?.mode ?? link.ipvlan?.mode ?? link.bond?.mode ?? link.tun?.mode,
    tunnel: tunnel && [tunnel.localIp, tunnel.remoteIp, tunnel.id].join(','),
    vrf: link.vrf?.table,
  });
}

function describeRoute(route: NetworkNamespace['routes'][number], nameOf: NameOf): string {
  const {
    family,
    table,
    type,
    destination: to,
    gateway: via,
    linkIndex,
    protocol,
    scope,
    preferredSource: src,
  } = route;
  return describeFields({
    ...{ family, table, type, to, via, dev: nameOf(linkIndex), protocol, scope, src, nhid: route.nextHopId },
    metric: route.metric === 0 ? undefined : route.metric,
    encap: route.encap?.type,
    hops: route.nextHops?.map((hop) => `${hop.gateway ?? ''}%${nameOf(hop.linkIndex)},${hop.weight}`).join(' '),
  });
}
