import type { ReservationOwner } from '#plugin/ipam/reservation-store.ts';
import { findLink } from '#plugin/network/find-link.ts';
import type { LinkFacts } from '#plugin/network/link-message.ts';
import { deriveMacAddress } from '#plugin/network/mac-address.ts';
import { type AddressAssignment, assignAddresses } from './assign-addresses.ts';
import { type Attachment, requireLink } from './attachment.ts';
import type { AttachmentResult } from './attachment-result.ts';
import { CNI_ERROR_CODE, CniFailure } from './cni-failure.ts';
import { configurePodLink } from './configure-pod-link.ts';
import { attachVeth, createVeth } from './create-veth.ts';
import { describeIpCommand } from './describe-ip-command.ts';
import { type InvocationContext, requireOwner } from './invocation-context.ts';
import { openPodNamespace, type PodNamespace } from './open-pod-namespace.ts';
import type { AttachmentRequest } from './parse-attachment-request.ts';
import type { BridgeConfiguration } from './parse-bridge-configuration.ts';
import { prepareBridge, prepareRules, refreshNeighbours } from './prepare-node.ts';

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
  const assignment = assignAddresses(attachment);
  const bridge = prepareBridge(attachment);
  const hostVeth = createVeth(attachment, choosePodMac(attachment, assignment));
  attachVeth(attachment, hostVeth, bridge);
  const podVeth = requireLink(findLink(pod.socket, owner.ifName), owner.ifName);
  const routes = configurePodLink(attachment, podVeth, assignment);
  refreshNeighbours(attachment, bridge, { podVeth, addresses: assignment.addresses });
  prepareRules(attachment);
  return describeResult(attachment, { bridge, hostVeth, podVeth, assignment: { ...assignment, routes } });
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

/** The one asked for, else the one that belongs to the first address, else one of the namespace's own. */
function choosePodMac({ request, pod }: Attachment, { addresses: [first] }: AddressAssignment): Uint8Array {
  if (request.mac !== undefined) return request.mac;
  return deriveMacAddress(first?.prefix.address ?? { family: 'inet6', value: BigInt(pod.handle.id) });
}

type Wired = {
  readonly bridge: LinkFacts;
  readonly hostVeth: LinkFacts;
  readonly podVeth: LinkFacts;
  readonly assignment: AddressAssignment;
};

function describeResult({ context }: Attachment, { bridge, hostVeth, podVeth, assignment }: Wired): AttachmentResult {
  const factsOf = ({ name, mac, mtuBytes }: LinkFacts) => ({ name, mac: mac ?? '', mtuBytes });
  return {
    interfaces: [factsOf(bridge), factsOf(hostVeth), { ...factsOf(podVeth), sandbox: context.environment.netns ?? '' }],
    ips: assignment.addresses,
    routes: assignment.routes,
    dns: assignment.dns,
  };
}
