import { IFF } from '#plugin/netlink/netlink-tables.ts';
import { isForwarding } from '#plugin/network/ensure-gateways.ts';
import { findLink } from '#plugin/network/find-link.ts';
import { findMissingRules } from '#plugin/network/find-missing-rules.ts';
import { listAddresses } from '#plugin/network/interface-addresses.ts';
import { formatIpPrefix, isSameAddress } from '#plugin/network/ip-address.ts';
import type { LinkFacts } from '#plugin/network/link-message.ts';
import { readVlanSettings } from '#plugin/network/vlan-filtering.ts';
import { listGateways } from './assign-addresses.ts';
import { type AttachmentCheck, differs, listPodAddresses, requireMac, requireUp } from './attachment-check.ts';
import { describeRules } from './describe-rules.ts';
import { gatewayLinkName } from './parse-bridge-configuration.ts';
import { describeRulesNode } from './prepare-rules.ts';

export function checkBridge({ context, configuration, previous }: AttachmentCheck): LinkFacts {
  const { bridgeName, isPromiscuous, vlans } = configuration;
  return context.steps.run('bridge.check', (notes) => {
    notes.object = bridgeName;
    notes.command = `ip -d link show dev ${bridgeName}`;
    const bridge = findLink(context.host, bridgeName);
    if (bridge === undefined) throw differs(`bridge ${bridgeName} is gone`);
    if (bridge.kind !== 'bridge') throw differs(`link ${bridgeName} is no bridge`);
    requireMac(
      bridge,
      previous.interfaces.find(({ name, sandbox }) => name === bridgeName && sandbox === undefined),
    );
    requireUp(bridge);
    if (isPromiscuous && (bridge.flags & IFF.PROMISC) === 0) throw differs(`${bridgeName} is not promiscuous`);
    if (vlans !== undefined && !readVlanSettings(context.host, bridge).isFiltering)
      throw differs(`${bridgeName} does not filter VLANs`);
    return bridge;
  });
}

/** The gateway addresses, and that the node forwards what is sent to them. */
export function checkGateways(check: AttachmentCheck, bridge: LinkFacts): void {
  const { context, configuration } = check;
  const gateways = listGateways(configuration, listPodAddresses(check));
  if (gateways.length === 0) return;
  context.steps.run('gateway.check', (notes) => {
    notes.object = gateways.map(formatIpPrefix).join(', ');
    const name = gatewayLinkName(configuration);
    const gatewayLink = name === bridge.name ? bridge : findLink(context.host, name);
    if (gatewayLink === undefined) throw differs(`link ${name} is gone`);
    requireUp(gatewayLink);
    notes.command = `ip address show dev ${gatewayLink.name}`;
    const present = listAddresses(context.host, gatewayLink);
    for (const { address, length } of gateways) {
      if (present.some((one) => one.length === length && isSameAddress(one.address, address))) continue;
      throw differs(`gateway ${formatIpPrefix({ address, length })} is gone from ${gatewayLink.name}`);
    }
    for (const family of new Set(gateways.map(({ address }) => address.family))) {
      if (!isForwarding(family)) throw differs(`the node forwards no ${family === 'inet' ? 'IPv4' : 'IPv6'} packets`);
    }
  });
}

export function checkRules(check: AttachmentCheck): void {
  const { context, configuration } = check;
  const addresses = listPodAddresses(check).map(({ prefix }) => prefix);
  if (addresses.length === 0) return;
  context.steps.run('rules.check', (notes) => {
    notes.object = configuration.bridgeName;
    notes.command = 'nft list ruleset; iptables-save';
    const demand = describeRules(configuration, addresses);
    const missing = findMissingRules(demand, describeRulesNode(context, configuration));
    if (missing.length > 0) throw differs(`rules are gone: ${missing.join('; ')}`);
  });
}
