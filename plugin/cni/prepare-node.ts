import { SystemCallError } from '#plugin/netlink/libc.ts';
import { announceAddresses } from '#plugin/network/announce-addresses.ts';
import { ensureBridge } from '#plugin/network/ensure-bridge.ts';
import { ensureGateways } from '#plugin/network/ensure-gateways.ts';
import { ensureVlanLink } from '#plugin/network/ensure-vlan-link.ts';
import { formatIpAddress, formatIpPrefix, type IpPrefix } from '#plugin/network/ip-address.ts';
import type { LinkFacts } from '#plugin/network/link-message.ts';
import { deriveBridgeMac, deriveMacAddress, formatMacAddress, parseMacAddress } from '#plugin/network/mac-address.ts';
import { removeNeighbour, replaceNeighbour } from '#plugin/network/neighbours.ts';
import type { AssignedAddress } from './address-assignment.ts';
import type { Attachment } from './attachment.ts';

/** The bridge stays when the ADD fails: other pods may be on it by then. */
export function prepareBridge({ context, configuration }: Attachment, gateways: readonly IpPrefix[]): LinkFacts {
  return context.steps.run('bridge.ensure', (notes) => {
    const { bridgeName: name, isPromiscuous, vlans, forceAddress } = configuration;
    notes.object = name;
    const [first] = gateways;
    const mac = first === undefined ? deriveBridgeMac(`${context.bootId}/${name}`) : deriveMacAddress(first.address);
    const { bridge, commands } = ensureBridge(context.host, {
      name,
      mac,
      isPromiscuous,
      isVlanFiltering: vlans !== undefined,
    });
    const all = [...commands, ...ensureGateways(context.host, bridge, { gateways, forceAddress })];
    notes.command = all.length === 0 ? `ip -d address show dev ${name}` : all.join(' && ');
    return bridge;
  });
}

/**
 * The gateways of addresses that were not known when the bridge was made, or that belong to a VLAN.
 * @returns the link that owns them
 */
export function prepareGateways(
  { context, configuration }: Attachment,
  bridge: LinkFacts,
  gateways: readonly IpPrefix[],
): LinkFacts {
  if (gateways.length === 0) return bridge;
  return context.steps.run('gateway.ensure', (notes) => {
    const { forceAddress, vlans } = configuration;
    notes.object = gateways.map(formatIpPrefix).join(', ');
    const { link, commands } =
      vlans?.access === undefined ? { link: bridge, commands: [] } : ensureVlanLink(context.host, bridge, vlans.access);
    const all = [...commands, ...ensureGateways(context.host, link, { gateways, forceAddress })];
    notes.command = all.length === 0 ? `ip address show dev ${link.name}` : all.join(' && ');
    return link;
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

/**
 * Pods that remember an earlier owner of the address with another MAC learn its new one at once. Best effort: they would find
 * out by themselves, later, so a plugin without CAP_NET_RAW fails no pod over it.
 */
export function announcePod(
  { context }: Attachment,
  link: LinkFacts,
  { podVeth, addresses }: { readonly podVeth: LinkFacts; readonly addresses: readonly AssignedAddress[] },
): void {
  const mac = parseMacAddress(podVeth.mac ?? '');
  const announced = addresses
    .filter((address) => mayBeMisremembered(address, podVeth))
    .map(({ prefix }) => prefix.address);
  if (mac === undefined || announced.length === 0) return;
  context.steps.run('neighbour.announce', (notes) => {
    notes.object = announced.map(formatIpAddress).join(', ');
    try {
      announceAddresses(
        link,
        announced.map((address) => ({ address, mac })),
      );
    } catch (error) {
      if (!(error instanceof SystemCallError)) throw error;
      notes.object += ` (${error.message})`;
    }
  });
}

/**
 * A MAC that is made from the address is what an earlier owner had, too, as a rule. To look is worth it for IPv4: a packet
 * socket, without which nobody sends an ARP message, is closed only after a grace period of RCU, 15 ms. Beside an IPv4
 * address, the one of IPv6 has a MAC that is not made from it.
 */
function mayBeMisremembered({ prefix: { address }, hadOwnMac }: AssignedAddress, { mac }: LinkFacts): boolean {
  return address.family === 'inet6' || hadOwnMac !== true || mac !== formatMacAddress(deriveMacAddress(address));
}
