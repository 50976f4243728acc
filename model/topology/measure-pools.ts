import { containsPrefix, countAddresses, type Prefix, parsePrefix } from '../kernel/parse-prefix.ts';
import { addressText } from './find-host-end.ts';
import type { AddressPool } from './topology.ts';

/** Network, broadcast and the bridge's own address cannot be given to a pod; IPv6 has no broadcast. */
const reservedCount = (prefix: Prefix): number => (prefix.family === 'inet' ? 3 : 2);

/**
 * Use of each of a node's podCIDRs. `addresses` are those that pods hold, by kernel or by CNI result, `10.240.2.2/24` or
 * bare, in any order and with repetitions; `gateways` are the node's own and do not count.
 */
export function measurePools(given: {
  readonly podCidrs: readonly string[];
  readonly addresses: readonly string[];
  readonly gateways: readonly string[];
}): AddressPool[] {
  const own = new Set(given.gateways.map(addressText));
  const held = [...new Set(given.addresses.map(addressText))].filter((ip) => !own.has(ip)).map(parsePrefix);
  return given.podCidrs.flatMap((podCidr) => {
    const pool = parsePrefix(podCidr);
    if (pool === undefined) return [];
    const used = held.filter((each) => each !== undefined && containsPrefix(pool, each)).length;
    const capacity = Math.min(Number.MAX_SAFE_INTEGER, Math.max(0, countAddresses(pool) - reservedCount(pool)));
    return [{ prefix: podCidr, used, capacity }];
  });
}
