import { type IpPrefix, networkPrefix } from '#plugin/network/ip-address.ts';
import type { RulesDemand } from '#plugin/network/list-rules.ts';
import { type BridgeConfiguration, gatewayLinkName } from './parse-bridge-configuration.ts';

/**
 * The rules that the network needs on this node; the same for every pod. Another IPAM plugin does not tell its subnets: those
 * of the pod's own addresses stand for them.
 */
export function describeRules(configuration: BridgeConfiguration, addresses: readonly IpPrefix[]): RulesDemand {
  const { name, bridgeName, isMasqueraded, clusterCidrs, rangeSets, rulesBackend } = configuration;
  const own = rangeSets.flat().map(({ subnet }) => subnet);
  const subnets = own.length > 0 ? own : addresses.map(networkPrefix);
  const gatewayName = gatewayLinkName(configuration);
  return {
    network: name,
    bridgeName,
    gatewayLinkName: gatewayName,
    isMasqueraded,
    clusterCidrs,
    subnets,
    backend: rulesBackend,
  };
}
