import type { Address, FdbEntry, Link, Neighbour, PolicyRule, Route } from './kernel-snapshot.ts';

/**
 * Identities of kernel records inside one network namespace: what the kernel itself uses to tell two of them apart.
 * In a topology they stand behind the namespace, `<netns id>/<record id>`; see `recordKey`.
 */

/** Interface index. */
export const linkId = (link: Pick<Link, 'index'>): string => String(link.index);

/** `<ifindex>/<address/length>`: one address can stand on one link once (net/ipv4/devinet.c). */
export const addressId = (address: Pick<Address, 'linkIndex' | 'prefix'>): string =>
  `${address.linkIndex}/${address.prefix}`;

/** Table, destination, metric, and what tells multipath siblings apart: type, gateway and link. */
export function routeId(route: Omit<Route, 'raw'>): string {
  const metric = route.metric === undefined ? '' : ` metric ${route.metric}`;
  const gateway = route.gateway === undefined ? '' : ` via ${route.gateway}`;
  const link = route.linkIndex === undefined ? '' : ` dev ${route.linkIndex}`;
  return `${route.family} ${route.table} ${route.type} ${route.destination}${gateway}${link}${metric}`;
}

/** Priority and every selector: the kernel allows several rules of one priority. */
export function policyRuleId(rule: Omit<PolicyRule, 'raw'>): string {
  const selectors: readonly (readonly [string, string | number | undefined])[] = [
    ['from', rule.from],
    ['to', rule.to],
    ['iif', rule.inputLink],
    ['oif', rule.outputLink],
    ['fwmark', rule.mark],
    ['table', rule.table],
  ];
  const text = selectors.filter(([, value]) => value !== undefined).map(([name, value]) => ` ${name} ${value}`);
  return `${rule.family} ${rule.priority} ${rule.action}${text.join('')}`;
}

/** `<ifindex>/<ip>`; addresses that the link answers for stand in a table of their own (net/core/neighbour.c, phash_buckets). */
export const neighbourId = ({ linkIndex, ip, flags }: Pick<Neighbour, 'linkIndex' | 'ip' | 'flags'>): string =>
  `${linkIndex}/${ip}${flags.includes('proxy') ? ' proxy' : ''}`;

/** Port, MAC and VLAN; the same MAC stands on a port twice where both the device and its bridge list it. */
export function fdbId(entry: Omit<FdbEntry, 'raw' | 'state' | 'flags'>): string {
  const vlan = entry.vlan === undefined ? '' : ` vlan ${entry.vlan}`;
  const master = entry.masterIndex === undefined ? '' : ` master ${entry.masterIndex}`;
  const remote = entry.remoteIp === undefined ? '' : ` dst ${entry.remoteIp}`;
  return `${entry.linkIndex}/${entry.mac}${vlan}${master}${remote}`;
}

/** The identity of a record of each collection of a namespace. */
export const RECORD_IDS = {
  links: linkId,
  addresses: addressId,
  routes: routeId,
  rules: policyRuleId,
  neighbours: neighbourId,
  fdb: fdbId,
} as const;

/** Optional parts of a namespace that are told as a whole: they are small, and most namespaces have nothing of them. */
export const WHOLE_PARTS = ['nextHops', 'trafficControl', 'bpf', 'bridgeVlans', 'wireguard'] as const;
export type WholePart = (typeof WHOLE_PARTS)[number];

/**
 * Ids of a collection's records, in its order. Two records of one identity both count, the second as `…#2`: what the kernel
 * lists is never dropped.
 */
export function numberRecordIds<T>(records: readonly T[], idOf: (record: T) => string): readonly string[] {
  const counts = new Map<string, number>();
  return records.map((record) => {
    const id = idOf(record);
    const count = (counts.get(id) ?? 0) + 1;
    counts.set(id, count);
    return count === 1 ? id : `${id}#${count}`;
  });
}

/** Key of a kernel record in a topology. */
export const recordKey = (namespaceId: string, recordId: string): string => `${namespaceId}/${recordId}`;
