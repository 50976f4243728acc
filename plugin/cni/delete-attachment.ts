import type { JsonObject } from '#model/json.ts';
import type { ReservationOwner } from '#plugin/ipam/reservation.ts';
import { releaseReservation } from '#plugin/ipam/reserve-addresses.ts';
import { NetlinkError } from '#plugin/netlink/netlink-socket.ts';
import { deleteLink } from '#plugin/network/change-link.ts';
import { findLink } from '#plugin/network/find-link.ts';
import { formatIpAddress, parseIpAddress } from '#plugin/network/ip-address.ts';
import type { LinkFacts } from '#plugin/network/link-message.ts';
import { listLinks } from '#plugin/network/list-links.ts';
import { removeNeighbour } from '#plugin/network/neighbours.ts';
import { CniFailure } from './cni-failure.ts';
import { delegateDelete } from './delegate-ipam.ts';
import { findHostVeth, hostVethGroup, hostVethName, isHostVethOf } from './host-veth.ts';
import { type InvocationContext, requireOwner } from './invocation-context.ts';
import { openPodNamespace } from './open-pod-namespace.ts';
import { looselyReadGatewayLinkName } from './parse-bridge-configuration.ts';
import { looselyReadIpamPlugin } from './parse-ipam-configuration.ts';
import { parsePreviousResult } from './parse-previous-result.ts';

/**
 * The whole of DEL. The IPAM plugin goes first, as DHCP gives its lease back through the pod's link; whatever it answers,
 * the pod goes.
 * @throws CniFailure of the IPAM plugin where a second DEL could fare better
 */
export function executeDelete(context: InvocationContext): void {
  const ipamPlugin = looselyReadIpamPlugin(context.input.configuration);
  const failure = ipamPlugin === undefined ? undefined : delegateDelete(context, ipamPlugin);
  deleteAttachment(context, requireOwner(context.environment));
  if (failure !== undefined) throw failure;
}

/**
 * Takes an attachment away. It is found by container id and interface name alone: no netns, no prevResult and no valid
 * range are needed, and what is gone already is no error. The address is given back last, when nothing uses it any more.
 */
export function deleteAttachment(context: InvocationContext, owner: ReservationOwner): void {
  context.steps.run('veth.delete', (notes) => {
    const hostVeth = findHostVeth(context.host, owner) ?? findAlteredVeth(context, owner);
    if (hostVeth === undefined) return;
    notes.object = hostVeth.name;
    notes.command = `ip link del dev ${hostVeth.name}`;
    ignoreMissing(() => deleteLink(context.host, hostVeth));
  });
  const store = context.openStore();
  const reservation = store.findByOwner(owner);
  const reserved = reservation === undefined ? [] : store.listHeldAddresses(reservation);
  const addresses = [...reserved, ...listDelegatedAddresses(context.input.configuration)];
  // Before the addresses are given back: their next owner's entries must not be hit, nor those of a killed DEL forgotten.
  if (addresses.length > 0) removeNeighbours(context, addresses);
  context.steps.run('ipam.release', (notes) => {
    const released = releaseReservation(store, owner);
    if (released.length > 0) notes.object = released.join(', ');
  });
}

/**
 * A host veth whose name or MAC somebody changed is still the peer of the pod's interface, and still in the group of its
 * network. Looked for only where nothing is found by name. One that another attachment is known by is not ours.
 */
function findAlteredVeth(context: InvocationContext, owner: ReservationOwner): LinkFacts | undefined {
  if (context.environment.netns === undefined) return undefined;
  try {
    using pod = openPodNamespace(context.environment, context.deadline);
    const podVeth = findLink(pod.socket, owner.ifName);
    const group = hostVethGroup(context.input.name);
    if (podVeth?.kind !== 'veth') return undefined;
    const hostVeth = listLinks(context.host).find(
      (link) => link.kind === 'veth' && link.index === podVeth.peerIndex && link.group === group,
    );
    const isOfAnother = (other: ReservationOwner): boolean =>
      hostVeth !== undefined &&
      (other.containerId !== owner.containerId || other.ifName !== owner.ifName) &&
      (isHostVethOf(other, hostVeth) || hostVethName(other, 0) === hostVeth.name);
    return context.openStore().listReservations().some(isOfAnother) ? undefined : hostVeth;
  } catch (error) {
    // The namespace is gone, and both ends with it.
    if (error instanceof CniFailure) return undefined;
    throw error;
  }
}

/** Another plugin's store is closed to us: what ADD said is all there is to know, where the runtime still has it. */
function listDelegatedAddresses(configuration: JsonObject): readonly string[] {
  if (looselyReadIpamPlugin(configuration) === undefined) return [];
  try {
    return parsePreviousResult(configuration).ips.map(({ prefix }) => formatIpAddress(prefix.address));
  } catch {
    return [];
  }
}

/** What the node remembers of the pod's MAC goes too; a bridge that is gone took it along. */
export function removeNeighbours(context: InvocationContext, addresses: readonly string[]): void {
  context.steps.run('neighbour.remove', (notes) => {
    const linkName = looselyReadGatewayLinkName(context.input.configuration);
    notes.object = addresses.join(', ');
    notes.command = addresses.map((address) => `ip neighbour del ${address} dev ${linkName}`).join(' && ');
    const link = findLink(context.host, linkName);
    if (link === undefined) return;
    for (const text of addresses) {
      const address = parseIpAddress(text);
      if (address !== undefined) removeNeighbour(context.host, link, address);
    }
  });
}

/** Another DEL, or the end of the namespace, was faster. */
function ignoreMissing(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof NetlinkError && error.code === 'ENODEV')) throw error;
  }
}
