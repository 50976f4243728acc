import { renderBridgeNetwork } from '#plugin/install/render-bridge-network.ts';
import type { AddressFamily } from '#plugin/network/ip-address.ts';
import { describeMissingNode, describeMissingPodCidr, describeRefusedNetwork } from './describe-findings.ts';
import type { FoundProblem, LocalSubnet, NodeNetworkPlan, PlanSettings } from './node-network-plan.ts';
import type { PeerNode } from './peer-node.ts';
import { planOverlay } from './plan-overlay.ts';
import { planRoutes } from './plan-routes.ts';
import { type PodRange, shareOutPodCidrs } from './share-out-pod-cidrs.ts';

export type NetworkSituation = {
  /** Its name in the cluster. */
  readonly ownNode: string;
  readonly nodes: readonly PeerNode[];
  readonly settings: PlanSettings;
  readonly localSubnets: readonly LocalSubnet[];
};

/**
 * What this node's pod network has to be, from what the cluster says of its nodes. The full set each time: what is not in it and
 * is ours has to go.
 */
export function planNodeNetwork(situation: NetworkSituation): NodeNetworkPlan {
  const { ownNode, nodes, settings, localSubnets } = situation;
  const own = nodes.find(({ name }) => name === ownNode);
  const { ranges, findings: overlaps } = shareOutPodCidrs(nodes, ownNode);
  const problems: FoundProblem[] = [...overlaps, ...nodes.flatMap(describeMissingPodCidr)];
  if (own === undefined) problems.unshift(describeMissingNode(ownNode, nodes));
  const ownRanges = ranges.filter(({ node }) => node === own);
  const others = ranges.filter(({ node }) => node !== own);
  const overlay = planOverlay({ own, ownRanges, others, settings, localSubnets });
  const { routes, findings: unreachable } = planRoutes({ others, overlay: overlay.plan, localSubnets });
  const network = renderNetwork({ own, ranges, situation, overlayMtuBytes: overlay.plan?.mtuBytes });
  return {
    isOwnNodeKnown: own !== undefined,
    configurationText: network.text,
    rules: network.rules,
    forwarding: familiesOf(ranges),
    routes,
    overlay: overlay.plan,
    findings: [...problems, ...network.findings, ...overlay.findings, ...unreachable],
  };
}

type WantedNetwork = {
  readonly own: PeerNode | undefined;
  readonly ranges: readonly PodRange[];
  readonly situation: NetworkSituation;
  readonly overlayMtuBytes: number | undefined;
};

type RenderedNetwork = Pick<NodeNetworkPlan, 'rules' | 'findings'> & { readonly text: string | undefined };

const NO_NETWORK: RenderedNetwork = { text: undefined, rules: undefined, findings: [] };

/**
 * Pods see each other's own addresses: where nobody named the cluster's ranges, they are the sum of the nodes'. A pod's packets
 * have to fit into the overlay with its headers.
 */
function renderNetwork({ own, ranges, situation, overlayMtuBytes }: WantedNetwork): RenderedNetwork {
  if (own === undefined || own.podCidrs.length === 0) return NO_NETWORK;
  const { clusterCidrs, mtuBytes = overlayMtuBytes } = situation.settings;
  const sum = ranges.filter(({ node }) => node !== own).map(({ text }) => text);
  const wish = { podCidrs: own.podCidrs, clusterCidrs: clusterCidrs.length > 0 ? clusterCidrs : sum, mtuBytes };
  const network = renderBridgeNetwork(wish);
  if (!network.ok) return { ...NO_NETWORK, findings: [describeRefusedNetwork(own, network.error)] };
  return { ...network.value, findings: [] };
}

function familiesOf(ranges: readonly PodRange[]): readonly AddressFamily[] {
  return (['inet', 'inet6'] as const).filter((family) => ranges.some(({ prefix }) => prefix.address.family === family));
}
