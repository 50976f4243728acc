import { formatIpAddress, formatIpPrefix, type IpAddress, parseIpAddress } from '#plugin/network/ip-address.ts';
import { findNeighbour } from './find-neighbour.ts';
import type { FoundProblem, LocalSubnet, PlannedOverlay, PlannedRoute } from './node-network-plan.ts';
import { overlayGateway } from './plan-overlay.ts';
import type { PodRange } from './share-out-pod-cidrs.ts';

export type RouteSituation = {
  /** Other nodes' podCIDRs. */
  readonly others: readonly PodRange[];
  readonly overlay: PlannedOverlay | undefined;
  readonly localSubnets: readonly LocalSubnet[];
};

/**
 * A route to each range of each other node: straight to the node where it is on a common segment, else over the overlay. Where
 * neither can be, none: a gateway that the node cannot reach, or a router that knows nothing of pods, would swallow packets.
 */
export function planRoutes({ others, overlay, localSubnets }: RouteSituation): {
  readonly routes: readonly PlannedRoute[];
  readonly findings: readonly FoundProblem[];
} {
  const routes: PlannedRoute[] = [];
  const findings = new Map<string, FoundProblem>();
  const tunnelled = new Set((overlay?.peers ?? []).flatMap(({ gateways }) => gateways.map(formatIpAddress)));
  for (const range of others) {
    const { node, prefix } = range;
    const { family } = prefix.address;
    const ips = node.internalIps.map(parseIpAddress).filter((ip) => ip?.family === family) as readonly IpAddress[];
    const neighbour = findNeighbour(ips, localSubnets);
    const gateway = overlayGateway(prefix);
    if (neighbour !== undefined) {
      routes.push({ destination: prefix, ...neighbour, isOnLink: false });
    } else if (overlay !== undefined && tunnelled.has(formatIpAddress(gateway))) {
      routes.push({ destination: prefix, gateway, linkName: overlay.linkName, isOnLink: true });
    } else {
      const finding = ips.length === 0 ? describeMissingAddress(range) : describeOffLink(range, ips, localSubnets);
      findings.set(finding.id, finding);
    }
  }
  return { routes, findings: [...findings.values()] };
}

function describeMissingAddress({ node, prefix, text }: PodRange): FoundProblem {
  const family = prefix.address.family === 'inet' ? 'IPv4' : 'IPv6';
  return {
    id: `node-without-address/${node.name}/${text}`,
    rule: 'node-without-address',
    severity: 'error',
    title: `Node ${node.name} has the podCIDR ${text} and no ${family} InternalIP; its pods cannot be reached there`,
    evidence: [`node ${node.name}: InternalIP ${node.internalIps.join(', ') || 'none'}`],
    remedy: `Start its kubelet with --node-ip and an address of each family`,
    object: `node ${node.name}`,
  };
}

function describeOffLink(
  { node, text }: PodRange,
  ips: readonly IpAddress[],
  subnets: readonly LocalSubnet[],
): FoundProblem {
  const [first] = ips;
  const family = first?.family;
  const own = subnets.filter(({ prefix }) => prefix.address.family === family);
  return {
    id: `node-not-on-link/${node.name}/${text}`,
    rule: 'node-not-on-link',
    severity: 'error',
    title: `Node ${node.name} at ${ips.map(formatIpAddress).join(', ')} is in no subnet of this node's links; no route to its pods ${text} can be set`,
    evidence: [
      ...own.map(({ prefix, linkName }) => `${linkName}: ${formatIpPrefix(prefix)}`),
      ...(own.length === 0 ? ['no link of this node has an address of that family'] : []),
    ],
    remedy: 'Set PODWIRE_BACKEND=vxlan on every node, or connect the nodes to one segment',
    object: `node ${node.name}`,
  };
}
