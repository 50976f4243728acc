import {
  type ComparableKernel,
  type ComparableNetfilter,
  completePrefix,
  describeRecord,
} from './comparable-kernel.ts';

/** What `ip -j` and `bridge -j` print; only the fields that are compared. */
type IpLink = {
  readonly ifindex: number;
  readonly ifname: string;
  readonly flags: readonly string[];
  readonly mtu: number;
  readonly operstate: string;
  readonly address?: string;
  readonly master?: string;
  /** Name of the peer where it is in the same namespace; its index is told where it is in another. */
  readonly link?: string | null;
  readonly link_index?: number;
  readonly linkinfo?: { readonly info_kind?: string };
};
type IpAddress = {
  readonly ifname?: string;
  readonly addr_info: readonly {
    readonly family?: string;
    readonly local?: string;
    readonly prefixlen?: number;
    readonly scope?: string;
  }[];
};
type IpRoute = {
  readonly type?: string;
  readonly dst: string;
  readonly gateway?: string;
  readonly dev?: string;
  readonly table?: string;
  readonly protocol: string;
  readonly scope: string;
  readonly prefsrc?: string;
  readonly metric?: number;
  readonly nexthops?: readonly { readonly gateway?: string; readonly dev?: string }[];
};
type IpRule = {
  readonly priority: number;
  readonly src?: string;
  readonly srclen?: number;
  readonly dst?: string;
  readonly dstlen?: number;
  readonly iif?: string;
  readonly table?: string;
};
type IpNeighbour = { readonly dst: string; readonly dev: string; readonly lladdr?: string };
type BridgeFdb = {
  readonly mac: string;
  readonly ifname: string;
  readonly vlan?: number;
  readonly master?: string;
  readonly dst?: string;
  readonly flags: readonly string[];
};

/** A group address that a device listens to; it is listed with the forwarding database and forwards nothing. */
const isListenedGroup = ({ mac, flags }: BridgeFdb): boolean =>
  flags.includes('self') && (Number.parseInt(mac.slice(0, 2), 16) & 1) === 1;

/** Runs one command in the namespace that is compared and gives its stdout. */
export type RunTool = (...command: readonly string[]) => Promise<string>;

/** One namespace as iproute2 tells it. */
export async function describeToolKernel(run: RunTool): Promise<ComparableKernel> {
  const read = async <Item>(...command: readonly string[]): Promise<readonly Item[]> =>
    JSON.parse((await run(...command)).trim() || '[]');
  const families = [
    ['inet', '-4'],
    ['inet6', '-6'],
  ] as const;

  const links = await read<IpLink>('ip', '-j', '-d', 'link', 'show');
  const addresses = await read<IpAddress>('ip', '-j', '-d', 'addr', 'show');
  const neighbours = await read<IpNeighbour>('ip', '-j', 'neigh', 'show');
  const fdb = await read<BridgeFdb>('bridge', '-j', 'fdb', 'show');
  const routes: string[] = [];
  const rules: string[] = [];
  for (const [family, flag] of families) {
    const found = await read<IpRoute>('ip', '-j', '-d', flag, 'route', 'show', 'table', 'all');
    routes.push(...found.map((route) => describeToolRoute(route, family)));
    rules.push(...(await read<IpRule>('ip', '-j', flag, 'rule', 'show')).map((rule) => describeToolRule(rule, family)));
  }
  return {
    links: links.map((link) => describeToolLink(link, links)).sort(),
    addresses: addresses.flatMap(describeToolAddresses).sort(),
    routes: routes.sort(),
    rules: rules.sort(),
    neighbours: neighbours
      .map(({ dev, dst, lladdr }) =>
        describeRecord([
          ['dev', dev],
          ['ip', dst],
          ['mac', lladdr],
        ]),
      )
      .sort(),
    fdb: fdb
      .filter((entry) => !isListenedGroup(entry))
      .map(({ ifname, mac, vlan, master, dst }) =>
        describeRecord([
          ['dev', ifname],
          ['mac', mac],
          ['vlan', vlan],
          ['master', master],
          ['remote', dst],
        ]),
      )
      .sort(),
  };
}

/** iproute2's own words, which are no flags of the kernel. */
const inventedFlags = new Set(['NO-CARRIER', 'M-DOWN']);

function describeToolLink(link: IpLink, links: readonly IpLink[]): string {
  const kind = link.linkinfo?.info_kind;
  const peer = link.link_index ?? links.find(({ ifname }) => ifname === link.link)?.ifindex;
  return describeRecord([
    ['index', link.ifindex],
    ['name', link.ifname],
    ['kind', kind],
    ['mac', link.address],
    ['mtu', link.mtu],
    [
      'flags',
      link.flags
        .filter((flag) => !inventedFlags.has(flag))
        .toSorted()
        .join(','),
    ],
    ['state', link.operstate.toLowerCase()],
    ['master', link.master],
    ['peer', kind === 'veth' ? peer : undefined],
  ]);
}

const describeToolAddresses = ({ ifname, addr_info }: IpAddress): readonly string[] =>
  addr_info
    .filter(({ local }) => local !== undefined)
    .map(({ family, local, prefixlen, scope }) =>
      describeRecord([
        ['dev', ifname],
        ['family', family],
        ['prefix', `${local}/${prefixlen}`],
        ['scope', scope],
      ]),
    );

/** /etc/iproute2/rt_tables and rt_protos know neither table numbers nor ours; 112 is the number of podwire's routes. */
const tableNumbers: Readonly<Record<string, number>> = { default: 253, main: 254, local: 255 };
const protocolNames: Readonly<Record<string, string>> = { '112': 'podwire' };

const readTable = (name: string): string => String(tableNumbers[name] ?? name);

function describeToolRoute(route: IpRoute, family: string): string {
  return describeRecord([
    ['family', family],
    ['table', readTable(route.table ?? 'main')],
    ['type', route.type ?? 'unicast'],
    ['to', completePrefix(route.dst)],
    ['via', route.gateway],
    ['dev', route.dev],
    ['protocol', protocolNames[route.protocol] ?? route.protocol],
    ['scope', route.scope],
    ['src', route.prefsrc],
    ['metric', route.metric === 0 ? undefined : route.metric],
    ['hops', route.nexthops?.map((hop) => `${hop.gateway ?? ''}%${hop.dev ?? ''}`).join(',')],
  ]);
}

const joinLength = (address: string | undefined, length: number | undefined): string | undefined =>
  address === undefined || address === 'all'
    ? undefined
    : completePrefix(length === undefined ? address : `${address}/${length}`);

function describeToolRule(rule: IpRule, family: string): string {
  return describeRecord([
    ['family', family],
    ['priority', rule.priority],
    ['from', joinLength(rule.src, rule.srclen)],
    ['to', joinLength(rule.dst, rule.dstlen)],
    ['iif', rule.iif],
    ['table', rule.table && readTable(rule.table)],
  ]);
}

/** Both families of `iptables-save`, counters and comments left out. */
export async function describeToolNetfilter(run: RunTool): Promise<ComparableNetfilter> {
  const saved = [
    ['inet', await run('iptables-save')],
    ['inet6', await run('ip6tables-save')],
  ] as const;
  const lines = saved.flatMap(([family, text]) =>
    listTableLines(text).map(([table, line]) => ({ family, table, line })),
  );
  return {
    chains: lines
      .filter(({ line }) => line.startsWith(':'))
      .map(({ family, table, line }) => `${family} ${table} ${line.slice(1).split(' ').slice(0, 2).join(' ')}`)
      .sort(),
    rules: numberRules(lines.filter(({ line }) => line.startsWith('-A '))).sort(),
  };
}

type SavedLine = { readonly family: string; readonly table: string; readonly line: string };

/** The place of each rule in its chain, from 1: their order decides. */
function numberRules(lines: readonly SavedLine[]): string[] {
  const counts = new Map<string, number>();
  return lines.map(({ family, table, line }) => {
    const chain = `${family} ${table} ${line.split(' ')[1]}`;
    const number = (counts.get(chain) ?? 0) + 1;
    counts.set(chain, number);
    return `${family} ${table} ${line} #${number}`;
  });
}

function listTableLines(text: string): readonly (readonly [table: string, line: string])[] {
  let table = '';
  return text.split('\n').flatMap((line) => {
    if (line.startsWith('*')) table = line.slice(1);
    return line.startsWith(':') || line.startsWith('-A ') ? [[table, line] as const] : [];
  });
}
