import { tableNumber } from '#plugin/agent/test-node-script.ts';
import { type Described, describeFields, type RunTool } from './describe-fields.ts';
import { describeToolFirewall } from './describe-tool-firewall.ts';
import { describeToolLink, type ToolLink } from './describe-tool-link.ts';

/** What iproute2 prints as JSON; only the fields that are compared. */
interface ToolAddress {
  readonly ifname: string;
  readonly addr_info: readonly { family: string; local: string; prefixlen: number; scope: string }[];
}
interface ToolRoute {
  readonly type?: string;
  readonly dst: string;
  readonly gateway?: string;
  readonly via?: { readonly host: string };
  readonly dev?: string;
  readonly table?: string;
  readonly protocol: string;
  readonly scope?: string;
  readonly prefsrc?: string;
  readonly metric?: number;
  readonly nhid?: number;
  readonly encap?: string;
  readonly nexthops?: readonly { gateway?: string; dev?: string; weight?: number }[];
}
interface ToolRule {
  readonly priority: number;
  readonly src: string;
  readonly srclen?: number;
  readonly dst?: string;
  readonly dstlen?: number;
  readonly iif?: string;
  readonly oif?: string;
  readonly fwmark?: string;
  readonly fwmask?: string;
  readonly table?: string;
  readonly action?: string;
}
interface ToolNeighbour {
  readonly dst: string;
  readonly dev: string;
  readonly lladdr?: string;
  readonly state?: readonly string[];
}
interface ToolFdb {
  readonly mac: string;
  readonly ifname: string;
  readonly vlan?: number;
  readonly master?: string;
  readonly dst?: string;
  readonly state: string;
  readonly flags: readonly string[];
}
interface ToolNextHop {
  readonly id: number;
  readonly gateway?: string;
  readonly dev?: string;
  readonly blackhole?: null;
  readonly group?: readonly { id: number; weight?: number }[];
}

/** One namespace as iproute2, tc, nft, iptables and ipset tell it. */
export function describeTools(run: RunTool): Described {
  const read = <T>(command: string): readonly T[] => JSON.parse(run(command).trim() || '[]');
  const links = read<ToolLink>('ip -j -d link');
  return {
    links: links.map((link) => describeToolLink(link, links)).sort(),
    addresses: read<ToolAddress>('ip -j addr')
      .flatMap(({ ifname: dev, addr_info }) =>
        addr_info.map(({ family, local, prefixlen, scope }) =>
          describeFields({ dev, family, prefix: `${local}/${prefixlen}`, scope }),
        ),
      )
      .sort(),
    routes: (['inet', 'inet6'] as const)
      .flatMap((family) =>
        read<ToolRoute>(`ip -d -j -f ${family} route show table all`).map((route) => describeToolRoute(route, family)),
      )
      .sort(),
    rules: (['inet', 'inet6'] as const)
      .flatMap((family) => read<ToolRule>(`ip -j -f ${family} rule`).map((rule) => describeToolRule(rule, family)))
      .sort(),
    neighbours: describeNeighbours(read('ip -j neigh'), read('ip -j neigh show proxy')),
    fdb: read<ToolFdb>('bridge -j fdb').filter(isForwarding).map(describeFdb).sort(),
    nextHops: read<ToolNextHop>('ip -j nexthop').map(describeNextHop).sort(),
    ...describeToolFirewall(run),
    problems: [],
  };
}

function describeToolRoute(route: ToolRoute, family: string): string {
  const isWhole = route.dst === 'default' || route.dst.includes('/');
  return describeFields({
    family,
    table: tableNumber(route.table ?? 'main'),
    type: route.type ?? 'unicast',
    to: isWhole ? route.dst : `${route.dst}/${family === 'inet' ? 32 : 128}`,
    via: route.gateway ?? route.via?.host,
    dev: route.dev,
    protocol: route.protocol === '112' ? 'podwire' : route.protocol,
    scope: route.scope ?? 'global',
    src: route.prefsrc,
    nhid: route.nhid,
    metric: route.metric === 0 ? undefined : route.metric,
    encap: route.encap,
    hops: route.nexthops?.map((hop) => `${hop.gateway ?? ''}%${hop.dev},${hop.weight}`).join(' '),
  });
}

function describeToolRule(rule: ToolRule, family: string): string {
  const whole = family === 'inet' ? 32 : 128;
  const action = rule.action ?? 'lookup';
  return describeFields({
    family,
    priority: rule.priority,
    from: rule.src === 'all' ? undefined : `${rule.src}/${rule.srclen ?? whole}`,
    to: rule.dst === undefined ? undefined : `${rule.dst}/${rule.dstlen ?? whole}`,
    iif: rule.iif,
    oif: rule.oif,
    mark: rule.fwmark === undefined ? undefined : `${rule.fwmark}/${rule.fwmask ?? '0xffffffff'}`,
    table: rule.table === undefined ? undefined : tableNumber(rule.table),
    action,
  });
}

const moving = /REACHABLE|STALE|DELAY|PROBE/;
const silent = /INCOMPLETE|FAILED|NONE/;

function describeNeighbours(neighbours: readonly ToolNeighbour[], proxies: readonly ToolNeighbour[]): string[] {
  const told = neighbours
    .filter(({ state = [] }) => !silent.test(state.join()))
    .map(({ dst: ip, dev, lladdr: mac, state = [] }) =>
      describeFields({ dev, ip, mac, state: moving.test(state.join()) ? 'confirmed' : state.join().toLowerCase() }),
    );
  return [...told, ...proxies.map(({ dst: ip, dev }) => describeFields({ dev, ip, proxy: true }))].sort();
}

/** Group addresses that a device listens to are in no forwarding database. */
const isForwarding = ({ mac, flags }: ToolFdb): boolean =>
  !(flags.includes('self') && (Number.parseInt(mac.slice(0, 2), 16) & 1) === 1);

const describeFdb = ({ ifname: dev, mac, vlan, master, dst, state }: ToolFdb): string =>
  describeFields({ dev, mac, vlan, master, dst, state: state === 'stale' ? undefined : state });

const describeNextHop = ({ id, gateway, dev, blackhole, group }: ToolNextHop): string =>
  describeFields({
    ...{ id, gateway, dev, blackhole: blackhole === undefined ? undefined : true },
    group: group?.map((member) => `${member.id},${member.weight ?? 1}`).join('/'),
  });
