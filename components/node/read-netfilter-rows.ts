import type { TopologyNamespace } from '#model/topology/topology.ts';
import type { NodeTableRow } from './node-table.ts';

/** Chains with their policies, then the rules in them, as iptables-save prints them, with their counters. */
export function readNetfilterRows(namespace: TopologyNamespace, name: string): readonly NodeTableRow[] {
  return (namespace.netfilter?.iptables ?? []).flatMap((tables) => {
    const prefix = `netfilter:${namespace.id}/${tables.family}`;
    const chains = tables.chains.map((chain) => ({
      id: `${prefix}/${chain.table}/${chain.chain}`,
      selection: undefined,
      cells: [
        chain.policy === undefined ? `-N ${chain.chain}` : `-P ${chain.chain} ${chain.policy}`,
        name,
        chain.table,
        chain.chain,
        String(chain.packets),
        String(chain.bytes),
      ],
    }));
    const rules = tables.rules.map((rule) => ({
      id: `${prefix}/${rule.table}/${rule.chain}/${rule.number}`,
      selection: undefined,
      cells: [rule.text, name, rule.table, rule.chain, String(rule.packets), String(rule.bytes)],
    }));
    return [...chains, ...rules];
  });
}
