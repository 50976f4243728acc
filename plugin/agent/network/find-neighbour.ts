import { containsAddress, type IpAddress, isSameAddress } from '#plugin/network/ip-address.ts';
import type { LocalSubnet, PlannedRoute } from './node-network-plan.ts';

/** The first of the node's addresses that is in a subnet of one of our links, and is not our own. */
export function findNeighbour(
  ips: readonly IpAddress[],
  subnets: readonly LocalSubnet[],
): Pick<PlannedRoute, 'gateway' | 'linkName'> | undefined {
  for (const gateway of ips) {
    if (subnets.some(({ prefix }) => isSameAddress(prefix.address, gateway))) continue;
    const subnet = subnets.find(({ prefix }) => containsAddress(prefix, gateway));
    if (subnet !== undefined) return { gateway, linkName: subnet.linkName };
  }
  return undefined;
}
