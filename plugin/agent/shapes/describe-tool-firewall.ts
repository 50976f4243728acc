import { type Described, describeFields, describeRuleset, type RunTool } from './describe-fields.ts';

interface ToolQdisc {
  readonly kind: string;
  readonly handle: string;
  readonly dev: string;
  readonly root?: boolean;
  readonly parent?: string;
}
interface ToolFilter {
  readonly protocol: string;
  readonly pref: number;
  readonly kind: string;
  readonly chain?: number;
  /** The head of the filters of one priority has none. */
  readonly options?: object;
}
type Firewall = Pick<Described, 'qdiscs' | 'filters' | 'iptables' | 'nft' | 'ipsets'>;

/** What may stop or change a packet, as tc, nft, iptables-save and `ipset save` tell it. */
export function describeToolFirewall(run: RunTool): Firewall {
  const read = <T>(command: string): readonly T[] => JSON.parse(run(command).trim() || '[]');
  // What the kernel gives every link has the handle 0.
  const qdiscs = read<ToolQdisc>('tc -j qdisc show').filter(({ handle }) => handle !== '0:');
  const hooks = qdiscs.flatMap(({ kind, dev, handle }) =>
    kind === 'clsact' ? [`dev ${dev} ingress`, `dev ${dev} egress`] : [`dev ${dev} parent ${handle}`],
  );
  return {
    qdiscs: qdiscs
      .map(({ dev, kind, handle, root, parent }) =>
        describeFields({ dev, kind, handle, parent: root ? 'root' : parent }),
      )
      .sort(),
    filters: hooks
      .flatMap((hook) =>
        read<ToolFilter>(`tc -j filter show ${hook}`)
          .filter(({ options }) => options !== undefined)
          .map(({ kind, pref: priority, protocol, chain = 0 }) => {
            const [, dev, , parent = hook.split(' ').at(-1)] = hook.split(' ');
            return describeFields({
              dev,
              parent: hook.split(' ')[2] === 'parent' ? parent : hook.split(' ')[2],
              kind,
              priority,
              protocol,
              chain,
            });
          }),
      )
      .sort(),
    iptables: describeIptables(run),
    nft: describeRuleset(JSON.parse(run('nft -j list ruleset')).nftables),
    ipsets: describeIpsets(run('ipset save 2>/dev/null || true')),
  };
}

const savers = [
  ['inet', 'nf_tables', 'iptables-nft-save'],
  ['inet6', 'nf_tables', 'ip6tables-nft-save'],
  ['inet', 'legacy', 'iptables-legacy-save'],
  ['inet6', 'legacy', 'ip6tables-legacy-save'],
] as const;

function describeIptables(run: RunTool): string[] {
  return savers
    .flatMap(([family, backend, tool]) => {
      const counts = new Map<string, number>();
      let table = '';
      return run(tool)
        .split('\n')
        .flatMap((line) => {
          if (line.startsWith('*')) table = line.slice(1);
          const [name = '', chain = ''] = line.split(' ');
          if (line.startsWith(':')) return [`${family} ${backend} ${table} ${name} ${chain}`];
          if (name !== '-A') return [];
          const number = (counts.get(`${table} ${chain}`) ?? 0) + 1;
          counts.set(`${table} ${chain}`, number);
          return [`${family} ${backend} ${table} ${line.trimEnd()} #${number}`];
        });
    })
    .sort();
}

function describeIpsets(saved: string): string[] {
  return saved
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [verb, name, kind] = line.split(' ');
      // Times count down, and counters up.
      if (verb === 'add') return line.replace(/ (timeout|packets|bytes|comment) .*$/, '');
      return describeFields({ create: name, kind, family: / family (\S+)/.exec(line)?.[1] });
    })
    .sort();
}
