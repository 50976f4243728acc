import type { ReservationOwner } from '#plugin/ipam/reservation.ts';
import type { NetlinkSocket } from '#plugin/netlink/netlink-socket.ts';
import { findLink } from '#plugin/network/find-link.ts';
import { hashText } from '#plugin/network/hash-text.ts';
import type { LinkFacts } from '#plugin/network/link-message.ts';
import { listLinks } from '#plugin/network/list-links.ts';
import { deriveHostVethMac, derivePodVethMac, formatMacAddress } from '#plugin/network/mac-address.ts';

/** Names that an attachment may have tried; more collisions than this in 44 bits do not happen by chance. */
export const HOST_VETH_ATTEMPTS = 8;

const NAME_HEX_DIGITS = 11;

const ownerKey = ({ containerId, ifName }: ReservationOwner): string => `${containerId}/${ifName}`;

/** `veth` and 11 hex digits, 15 bytes in all, the same for the same attachment in every run. */
export function hostVethName(owner: ReservationOwner, attempt: number): string {
  return `veth${hashText(`${ownerKey(owner)}/${attempt}`)
    .toString(16)
    .padStart(16, '0')
    .slice(-NAME_HEX_DIGITS)}`;
}

export function hostVethMac(owner: ReservationOwner): Uint8Array {
  return deriveHostVethMac(ownerKey(owner));
}

/** Of the pod's end where no address decides it. */
export function podVethMac(owner: ReservationOwner): Uint8Array {
  return derivePodVethMac(ownerKey(owner));
}

/** A link of that name belongs to the attachment only if it is a veth with the attachment's MAC. */
export function isHostVethOf(owner: ReservationOwner, link: LinkFacts): boolean {
  return link.kind === 'veth' && link.mac === formatMacAddress(hostVethMac(owner));
}

/** Finds it by container id and interface name alone, so it works after a restart, without netns and without prevResult. */
export function findHostVeth(socket: NetlinkSocket, owner: ReservationOwner): LinkFacts | undefined {
  for (let attempt = 0; attempt < HOST_VETH_ATTEMPTS; attempt += 1) {
    const link = findLink(socket, hostVethName(owner, attempt));
    if (link !== undefined && isHostVethOf(owner, link)) return link;
  }
  return undefined;
}

/**
 * The link group of a network's host veths: a number that nobody uses by chance. It is set at creation, so a veth tells its
 * network without any file, also after an ADD that was killed: `ip link show group N`.
 */
export function hostVethGroup(network: string): number {
  return Number(hashText(network) & 0x3fffffffn) | 0x40000000;
}

/**
 * One look at all links, for questions about many attachments. A veth whose MAC or name somebody changed still counts.
 * @returns which attachments have their host veth
 */
export function listAttachedOwners(socket: NetlinkSocket): (owner: ReservationOwner) => boolean {
  const veths = listLinks(socket).filter(({ kind }) => kind === 'veth');
  const macs = new Set(veths.map(({ mac }) => mac));
  const names = new Set(veths.map(({ name }) => name));
  return (owner) => macs.has(formatMacAddress(hostVethMac(owner))) || names.has(hostVethName(owner, 0));
}
