/** Runs a program and gives back what it printed. @throws where it fails */
export type RunProgram = (program: string, ...parameters: readonly string[]) => string;

/** One fact, as a line; `link` is the link that it belongs to and goes with. */
export type KernelFact = { readonly text: string; readonly link: string | undefined; readonly isRule: boolean };

type LinkRecord = {
  readonly ifname: string;
  readonly ifindex: number;
  readonly address?: string;
  readonly master?: string;
  readonly linkinfo?: { readonly info_kind?: string };
  readonly addr_info: readonly { readonly local?: string; readonly prefixlen: number; readonly scope?: string }[];
};

type RouteRecord = { readonly dst: string; readonly dev?: string; readonly gateway?: string; readonly table?: string };

/** Counters move, handles are given anew; neither is state of the network. */
const UNSTABLE_KEYS: ReadonlySet<string> = new Set(['handle', 'packets', 'bytes', 'metainfo']);

/**
 * Links, addresses, routes of every table, IPv4 neighbours, netfilter rules and files of the address store, in every
 * namespace that /run/netns names and in our own. Link-local and multicast records are left out: the kernel makes and
 * drops them when it likes.
 */
export function readKernelState(run: RunProgram, stateDirectory: string): readonly KernelFact[] {
  const names = (JSON.parse(run('ip', '-j', 'netns', 'list') || '[]') as { readonly name: string }[]).map(
    ({ name }) => name,
  );
  return [
    ...[undefined, ...names].flatMap((netns) => readNamespace(run, netns)),
    ...readRules(run),
    ...run('find', stateDirectory, '-type', 'f')
      .split('\n')
      .filter(isStoreFile)
      .map((path) => fact(`file ${path}`)),
  ];
}

const fact = (text: string, link?: string): KernelFact => ({ text, link, isRule: false });

/** Of the store's own files, only a draft that was left would be a trace of an attachment. */
function isStoreFile(path: string): boolean {
  return path.includes('/ipam/') && !/\/\.(lock|state|spare)$/.test(path);
}

function readNamespace(run: RunProgram, netns: string | undefined): readonly KernelFact[] {
  const where = netns ?? 'node';
  const ip = (...parameters: readonly string[]): unknown[] =>
    JSON.parse(
      run('ip', ...(netns === undefined ? [] : ['-n', netns]), '-j', '-d', ...parameters) || '[]',
    ) as unknown[];
  const links = (ip('address') as LinkRecord[]).filter(({ ifname }) => ifname !== undefined);
  const routes = [...ip('-4', 'route', 'show', 'table', 'all'), ...ip('-6', 'route', 'show', 'table', 'all')];
  return [
    ...links.flatMap((link) => describeLink(where, link)),
    ...(routes as RouteRecord[])
      .filter(({ dst }) => !/^(fe80|ff00|multicast)/.test(dst))
      .map(({ dst, dev, gateway, table }) =>
        fact(`${where} route ${dst} via ${gateway} dev ${dev} table ${table}`, dev),
      ),
    ...(ip('-4', 'neighbour') as RouteRecord[]).map(({ dst, dev }) =>
      fact(`${where} neighbour ${dst} dev ${dev}`, dev),
    ),
  ];
}

function describeLink(
  where: string,
  { ifname, ifindex, address, master, linkinfo, addr_info }: LinkRecord,
): readonly KernelFact[] {
  return [
    fact(`${where} link ${ifindex} ${ifname} ${linkinfo?.info_kind} ${address} master ${master}`, ifname),
    ...addr_info
      .filter(({ local, scope }) => local !== undefined && scope !== 'link')
      .map(({ local, prefixlen }) => fact(`${where} address ${local}/${prefixlen} dev ${ifname}`, ifname)),
  ];
}

function readRules(run: RunProgram): readonly KernelFact[] {
  const { nftables } = JSON.parse(run('nft', '-j', 'list', 'ruleset')) as { readonly nftables: readonly unknown[] };
  const stable = (key: string, value: unknown): unknown => (UNSTABLE_KEYS.has(key) ? undefined : value);
  return nftables.map((record) => ({ text: `rule ${JSON.stringify(record, stable)}`, link: undefined, isRule: true }));
}

/** @returns facts of `after` that `before` lacks, and the other way round, each as a line */
export function compareFacts(
  before: readonly KernelFact[],
  after: readonly KernelFact[],
): { readonly added: readonly string[]; readonly removed: readonly string[] } {
  const beforeTexts = new Set(before.map(({ text }) => text));
  const afterTexts = new Set(after.map(({ text }) => text));
  return {
    added: [...afterTexts].filter((text) => !beforeTexts.has(text)),
    removed: [...beforeTexts].filter((text) => !afterTexts.has(text)),
  };
}
