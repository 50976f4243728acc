import { ensureRules, type RulesNode } from '#plugin/network/ensure-rules.ts';
import { containsAddress, type IpPrefix, networkPrefix, parseIpAddress } from '#plugin/network/ip-address.ts';
import type { RulesDemand } from '#plugin/network/list-rules.ts';
import type { AssignedAddress } from './address-assignment.ts';
import type { Attachment } from './attachment.ts';
import type { InvocationContext } from './invocation-context.ts';
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

export function describeRulesNode(context: InvocationContext, { ipamPlugin }: BridgeConfiguration): RulesNode {
  const { runDirectory } = context.node;
  const isSubnetInUse = (subnet: IpPrefix): boolean => {
    // Who else gives out addresses is not asked: its subnets stay.
    if (ipamPlugin !== undefined) return true;
    return context
      .openStore()
      .listReserved()
      .map(parseIpAddress)
      .some((address) => address !== undefined && containsAddress(subnet, address));
  };
  return { runDirectory, bootId: context.bootId, remainingMs: () => context.deadline.remainingMs(), isSubnetInUse };
}

export function prepareRules({ context, configuration }: Attachment, addresses: readonly AssignedAddress[]): void {
  if (addresses.length === 0) return;
  const demand = describeRules(
    configuration,
    addresses.map(({ prefix }) => prefix),
  );
  context.steps.run('rules.ensure', (notes) => {
    const { commands, markerPath } = ensureRules(demand, describeRulesNode(context, configuration));
    notes.object = configuration.bridgeName;
    notes.command = commands.length === 0 ? `test -e ${markerPath}` : commands.join(' && ');
  });
}
