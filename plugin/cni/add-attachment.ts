import type { ReservationOwner } from '#plugin/ipam/reservation.ts';
import { IFF } from '#plugin/netlink/netlink-tables.ts';
import { setMacAddress } from '#plugin/network/change-link.ts';
import { findLink } from '#plugin/network/find-link.ts';
import type { LinkFacts } from '#plugin/network/link-message.ts';
import { deriveMacAddress, formatMacAddress } from '#plugin/network/mac-address.ts';
import type { AddressAssignment, AssignedAddress } from './address-assignment.ts';
import { assignAddresses, assignDelegatedAddresses, claimAttachment, listGateways } from './assign-addresses.ts';
import { type Attachment, requireLink } from './attachment.ts';
import type { AttachmentResult } from './attachment-result.ts';
import { CNI_ERROR_CODE, CniFailure } from './cni-failure.ts';
import { configurePodLink } from './configure-pod-link.ts';
import { attachVeth, createVeth } from './create-veth.ts';
import { describeIpCommand } from './describe-ip-command.ts';
import { findIpamPlugin } from './execute-ipam-plugin.ts';
import { podVethMac } from './host-veth.ts';
import { type InvocationContext, requireOwner } from './invocation-context.ts';
import { openPodNamespace, type PodNamespace } from './open-pod-namespace.ts';
import type { AttachmentRequest } from './parse-attachment-request.ts';
import type { BridgeConfiguration } from './parse-bridge-configuration.ts';
import { announcePod, prepareBridge, prepareGateways, refreshNeighbours } from './prepare-node.ts';
import { prepareRules } from './prepare-rules.ts';

/**
 * Wires one pod: address, bridge, veth pair, addresses, routes, neighbour entry, rules. Each step can be taken back;
 * the caller does so if one of them, or what follows, fails.
 */
export function addAttachment(
  context: InvocationContext,
  configuration: BridgeConfiguration,
  request: AttachmentRequest,
): AttachmentResult {
  const owner = requireOwner(context.environment);
  using pod = enterPodNamespace(context, owner);
  const attachment: Attachment = { context, configuration, request, owner, pod };
  const { ipamPlugin } = configuration;
  // Looked for before anything is made: where it is missing, nothing on the node changes.
  if (ipamPlugin !== undefined) findIpamPlugin(context, ipamPlugin);
  if (ipamPlugin !== undefined) claimAttachment(attachment);
  const reserved = ipamPlugin === undefined ? assignAddresses(attachment) : undefined;
  const isGatewayOnBridge = reserved !== undefined && configuration.vlans?.access === undefined;
  const bridge = prepareBridge(attachment, isGatewayOnBridge ? listGateways(configuration, []) : []);
  const hostVeth = createVeth(attachment, choosePodMac(attachment, reserved?.addresses ?? []));
  attachVeth(attachment, hostVeth, bridge);
  const assignment = reserved ?? assignDelegatedAddresses(attachment, ipamPlugin ?? '');
  const gatewayLink = isGatewayOnBridge
    ? bridge
    : prepareGateways(attachment, bridge, listGateways(configuration, assignment.addresses));
  const podVeth = settlePodMac(attachment, assignment.addresses);
  const routes = configurePodLink(attachment, podVeth, assignment);
  refreshNeighbours(attachment, gatewayLink, { podVeth, addresses: assignment.addresses });
  announcePod(attachment, gatewayLink, { podVeth, addresses: assignment.addresses });
  prepareRules(attachment, assignment.addresses);
  return describeResult(attachment, { bridge, gatewayLink, hostVeth, podVeth, assignment: { ...assignment, routes } });
}

function enterPodNamespace(context: InvocationContext, { ifName }: ReservationOwner): PodNamespace {
  return context.steps.run('netns.open', (notes) => {
    const path = context.environment.netns ?? '';
    notes.object = path;
    notes.command = `${describeIpCommand(path)} link show`;
    const pod = openPodNamespace(context.environment, context.deadline);
    if (findLink(pod.socket, ifName) === undefined) return pod;
    pod[Symbol.dispose]();
    throw new CniFailure(`interface ${ifName} exists already in ${path}`, { code: CNI_ERROR_CODE.interfaceExists });
  });
}

/** The one asked for, else the one that belongs to the first address, else the attachment's own. */
function choosePodMac({ request, owner }: Attachment, [first]: readonly AssignedAddress[]): Uint8Array {
  return request.mac ?? (first === undefined ? podVethMac(owner) : deriveMacAddress(first.prefix.address));
}

/**
 * A delegated address comes after the link, which it must find, and gives it its MAC all the same: a reused address then
 * has the one that others remember. Where the IPAM plugin set the link up, as DHCP does, its lease is tied to the MAC it saw.
 */
function settlePodMac(attachment: Attachment, addresses: readonly AssignedAddress[]): LinkFacts {
  const { pod, owner } = attachment;
  const podVeth = requireLink(findLink(pod.socket, owner.ifName), owner.ifName);
  const mac = choosePodMac(attachment, addresses);
  if (podVeth.mac === formatMacAddress(mac) || (podVeth.flags & IFF.UP) !== 0) return podVeth;
  setMacAddress(pod.socket, podVeth, mac);
  return { ...podVeth, mac: formatMacAddress(mac) };
}

type Wired = {
  readonly bridge: LinkFacts;
  readonly gatewayLink: LinkFacts;
  readonly hostVeth: LinkFacts;
  readonly podVeth: LinkFacts;
  readonly assignment: AddressAssignment;
};

/** A VLAN link is told last, so that the pod's interface is the third in any case. */
function describeResult(
  { context }: Attachment,
  { bridge, gatewayLink, hostVeth, podVeth, assignment }: Wired,
): AttachmentResult {
  const factsOf = ({ name, mac, mtuBytes }: LinkFacts) => ({ name, mac: mac ?? '', mtuBytes });
  return {
    interfaces: [
      factsOf(bridge),
      factsOf(hostVeth),
      { ...factsOf(podVeth), sandbox: context.environment.netns ?? '' },
      ...(gatewayLink.index === bridge.index ? [] : [factsOf(gatewayLink)]),
    ],
    ips: assignment.addresses,
    routes: assignment.routes,
    dns: assignment.dns,
  };
}
