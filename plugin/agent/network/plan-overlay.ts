import { OVERLAY_LINK } from '#plugin/configuration/link-names.ts';
import {
  addressBits,
  formatIpAddress,
  type IpAddress,
  type IpPrefix,
  isSameAddress,
  networkPrefix,
  parseIpAddress,
} from '#plugin/network/ip-address.ts';
import { deriveBridgeMac, deriveMacAddress, formatMacAddress } from '#plugin/network/mac-address.ts';
import { findNeighbour } from './find-neighbour.ts';
import type { FoundProblem, LocalSubnet, OverlayPeer, PlannedOverlay, PlanSettings } from './node-network-plan.ts';
import type { PeerNode } from './peer-node.ts';
import type { PodRange } from './share-out-pod-cidrs.ts';

/** Outer Ethernet is the underlay's own; inside come IP, UDP (8), VXLAN (8) and the inner Ethernet header (14). RFC 7348, section 5. */
const OVERHEAD_BYTES = { inet: 20 + 8 + 8 + 14, inet6: 40 + 8 + 8 + 14 } as const;

export type OverlaySituation = {
  readonly own: PeerNode | undefined;
  readonly ownRanges: readonly PodRange[];
  readonly others: readonly PodRange[];
  readonly settings: PlanSettings;
  readonly localSubnets: readonly LocalSubnet[];
};

/**
 * The end of every tunnel on this node, where `vxlan` is chosen: one link for both families of pods, over the family of the node's
 * first InternalIP. Nothing is learned and nothing flooded: who is where is written down. MACs follow from the nodes' addresses,
 * so that nodes know each other's without telling (docs/adr/0024-overlay-without-a-registry.md).
 */
export function planOverlay(situation: OverlaySituation): {
  readonly plan: PlannedOverlay | undefined;
  readonly findings: readonly FoundProblem[];
} {
  const { own, ownRanges, others, settings, localSubnets } = situation;
  if (settings.backend !== 'vxlan' || own === undefined) return { plan: undefined, findings: [] };
  const local = parseIpAddress(own.internalIps[0] ?? '');
  const underlay = local && localSubnets.find(({ prefix }) => isSameAddress(prefix.address, local));
  if (local === undefined || underlay === undefined)
    return { plan: undefined, findings: [describeMissingUnderlay(own, localSubnets)] };
  const plan: PlannedOverlay = {
    linkName: OVERLAY_LINK,
    ...settings.vxlan,
    local,
    mac: deriveOverlayMac(local),
    mtuBytes: underlay.mtuBytes - OVERHEAD_BYTES[local.family],
    addresses: ownRanges.map(({ prefix }) => hostPrefix(overlayGateway(prefix))),
    peers: listPeers(others, { family: local.family, localSubnets }),
  };
  return { plan, findings: [] };
}

/** What stands for a node on the overlay: the first address of its range, which no pod ever has. */
export function overlayGateway(range: IpPrefix): IpAddress {
  return networkPrefix(range).address;
}

/** An IPv4 address fits in whole; of an IPv6 address forty bits of a hash keep thousands of nodes apart. */
function deriveOverlayMac(address: IpAddress): string {
  const isInet = address.family === 'inet';
  return formatMacAddress(
    isInet ? deriveMacAddress(address) : deriveBridgeMac(`${OVERLAY_LINK}/${formatIpAddress(address)}`),
  );
}

const hostPrefix = (address: IpAddress): IpPrefix => ({ address, length: addressBits(address.family) });

function listPeers(
  others: readonly PodRange[],
  { family, localSubnets }: { readonly family: IpAddress['family']; readonly localSubnets: readonly LocalSubnet[] },
): readonly OverlayPeer[] {
  return [...Map.groupBy(others, ({ node }) => node)].flatMap(([node, ranges]) => {
    const ips = node.internalIps.map(parseIpAddress).filter((ip) => ip !== undefined);
    const remote = ips.find((ip) => ip.family === family);
    if (remote === undefined) return [];
    const isDirect = ({ prefix }: PodRange): boolean =>
      findNeighbour(
        ips.filter((ip) => ip.family === prefix.address.family),
        localSubnets,
      ) !== undefined;
    const gateways = ranges.filter((range) => !isDirect(range)).map(({ prefix }) => overlayGateway(prefix));
    if (gateways.length === 0) return [];
    return [{ mac: deriveOverlayMac(remote), remote, gateways }];
  });
}

function describeMissingUnderlay(own: PeerNode, subnets: readonly LocalSubnet[]): FoundProblem {
  return {
    id: `overlay-without-underlay/${own.name}`,
    rule: 'overlay-without-underlay',
    severity: 'error',
    title: `No link of this node has its first InternalIP ${own.internalIps[0] ?? '(none)'}; VXLAN has no address to send from`,
    evidence: subnets.map(({ prefix, linkName }) => `${linkName}: ${formatIpAddress(prefix.address)}`),
    remedy: 'Start kubelet with --node-ip and an address that a link of this node has',
    object: `node ${own.name}`,
  };
}
