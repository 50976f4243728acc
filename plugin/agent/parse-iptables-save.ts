import type { Iptables, IptablesChain, IptablesRule } from '#model/kernel/kernel-snapshot.ts';

/**
 * Reads what `iptables-save -c` prints: `*table`, `:CHAIN POLICY [packets:bytes]`, `[packets:bytes] -A CHAIN …`, `COMMIT`.
 * Comments and lines of no known form are passed over: the form is that of iptables/iptables-save.c.
 */
export function parseIptablesSave(text: string, about: Pick<Iptables, 'family' | 'backend'>): Iptables {
  const chains: IptablesChain[] = [];
  const rules: IptablesRule[] = [];
  const numbers = new Map<string, number>();
  let table = '';
  for (const line of text.split('\n')) {
    if (line.startsWith('*')) table = line.slice(1).trim();
    const chain = parseChain(line, table);
    if (chain !== undefined) chains.push(chain);
    const rule = parseRule(line);
    if (rule === undefined) continue;
    const place = `${table} ${rule.chain}`;
    const number = (numbers.get(place) ?? 0) + 1;
    numbers.set(place, number);
    rules.push({ table, number, ...rule });
  }
  return { ...about, chains, rules };
}

function parseChain(line: string, table: string): IptablesChain | undefined {
  const match = /^:(\S+) (\S+) \[(\d+):(\d+)\]/.exec(line);
  if (match === null) return undefined;
  const [, chain = '', policy = '-', packets, bytes] = match;
  return { table, chain, ...(policy === '-' ? {} : { policy }), packets: Number(packets), bytes: Number(bytes) };
}

function parseRule(line: string): Omit<IptablesRule, 'table' | 'number'> | undefined {
  const match = /^\[(\d+):(\d+)\] (-A (\S+).*)$/.exec(line);
  if (match === null) return undefined;
  const [, packets, bytes, text = '', chain = ''] = match;
  return { chain, text: text.trimEnd(), packets: Number(packets), bytes: Number(bytes) };
}
