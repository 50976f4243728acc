import { ensureRules, type RulesNode } from '#plugin/network/ensure-rules.ts';
import { containsAddress, type IpPrefix, parseIpAddress } from '#plugin/network/ip-address.ts';
import type { AssignedAddress } from './address-assignment.ts';
import type { Attachment } from './attachment.ts';
import { describeRules } from './describe-rules.ts';
import type { InvocationContext } from './invocation-context.ts';
import type { BridgeConfiguration } from './parse-bridge-configuration.ts';

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
