import { ensureBridge } from '#plugin/network/ensure-bridge.ts';
import { ensureRules, type RulesDemand } from '#plugin/network/ensure-rules.ts';
import { formatIpAddress } from '#plugin/network/ip-address.ts';
import type { LinkFacts } from '#plugin/network/link-message.ts';
import { parseMacAddress } from '#plugin/network/mac-address.ts';
import { removeNeighbour, replaceNeighbour } from '#plugin/network/neighbours.ts';
import type { AssignedAddress } from './assign-addresses.ts';
import type { Attachment } from './attachment.ts';
import type { BridgeConfiguration } from './parse-bridge-configuration.ts';

/** The bridge stays when the ADD fails: other pods may be on it by then. */
export function prepareBridge({ context, configuration }: Attachment): LinkFacts {
  return context.steps.run('bridge.ensure', (notes) => {
    const { bridgeName, isGateway, forceAddress } = configuration;
    notes.object = bridgeName;
    const gateways = isGateway
      ? configuration.rangeSets.flat().map(({ gateway, subnet }) => ({ address: gateway, length: subnet.length }))
      : [];
    const { bridge, commands } = ensureBridge(context.host, { name: bridgeName, gateways, forceAddress });
    notes.command = commands.length === 0 ? `ip -d address show dev ${bridgeName}` : commands.join(' && ');
    return bridge;
  });
}

/** What the node remembers of an earlier owner of the address is corrected before the first packet. */
export function refreshNeighbours(
  { context, configuration }: Attachment,
  gatewayLink: LinkFacts,
  { podVeth, addresses }: { readonly podVeth: LinkFacts; readonly addresses: readonly AssignedAddress[] },
): void {
  if (!configuration.isGateway || addresses.length === 0) return;
  context.steps.run('neighbour.refresh', (notes) => {
    const mac = podVeth.mac ?? '';
    const names = addresses.map(({ prefix }) => formatIpAddress(prefix.address));
    notes.object = names.join(', ');
    notes.command = names
      .map((name) => `ip neighbour replace ${name} lladdr ${mac} nud stale dev ${gatewayLink.name}`)
      .join(' && ');
    const bytes = parseMacAddress(mac) ?? new Uint8Array();
    for (const { prefix } of addresses) {
      replaceNeighbour(context.host, gatewayLink, { address: prefix.address, mac: bytes });
      notes.onUndo(() => removeNeighbour(context.host, gatewayLink, prefix.address));
    }
  });
}

/** The rules that the network needs on this node; the same for every pod. */
export function describeRules(configuration: BridgeConfiguration): RulesDemand {
  const { bridgeName, isMasqueraded, clusterCidrs, rangeSets } = configuration;
  const subnets = rangeSets.flat().map(({ subnet }) => subnet);
  return { bridgeName, isMasqueraded, clusterCidrs, subnets };
}

export function prepareRules({ context, configuration }: Attachment): void {
  if (configuration.rangeSets.length === 0) return;
  context.steps.run('rules.ensure', (notes) => {
    const { runDirectory } = context.node;
    const { commands, markerPath } = ensureRules(describeRules(configuration), {
      runDirectory,
      bootId: context.bootId,
      remainingMs: () => context.deadline.remainingMs(),
    });
    notes.object = configuration.bridgeName;
    notes.command = commands.length === 0 ? `test -e ${markerPath}` : commands.join(' && ');
  });
}
