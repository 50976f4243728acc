import type { ReservationOwner } from '#plugin/ipam/reservation-store.ts';
import { NetlinkError } from '#plugin/netlink/netlink-socket.ts';
import { deleteLink } from '#plugin/network/change-link.ts';
import { findLink } from '#plugin/network/find-link.ts';
import { parseIpAddress } from '#plugin/network/ip-address.ts';
import { removeNeighbour } from '#plugin/network/neighbours.ts';
import { findHostVeth } from './host-veth.ts';
import type { InvocationContext } from './invocation-context.ts';
import { readText } from './read-key.ts';

/**
 * Takes an attachment away. It is found by container id and interface name alone: no netns, no prevResult and no valid
 * range are needed, and what is gone already is no error. The address is given back last, when nothing uses it any more.
 */
export function deleteAttachment(context: InvocationContext, owner: ReservationOwner): void {
  context.steps.run('veth.delete', (notes) => {
    const hostVeth = findHostVeth(context.host, owner);
    if (hostVeth === undefined) return;
    notes.object = hostVeth.name;
    notes.command = `ip link del dev ${hostVeth.name}`;
    ignoreMissing(() => deleteLink(context.host, hostVeth));
  });
  const released = context.steps.run('ipam.release', (notes) => {
    const store = context.openStore();
    const addresses = store.withLock(() => store.release(store.findByOwner(owner)));
    if (addresses.length > 0) notes.object = addresses.join(', ');
    return addresses;
  });
  if (released.length > 0) removeNeighbours(context, released);
}

/** What the node remembers of the pod's MAC goes too; a bridge that is gone took it along. */
function removeNeighbours(context: InvocationContext, addresses: readonly string[]): void {
  context.steps.run('neighbour.remove', (notes) => {
    const bridgeName = readText(context.input.configuration, 'bridge') ?? 'cni0';
    notes.object = addresses.join(', ');
    notes.command = addresses.map((address) => `ip neighbour del ${address} dev ${bridgeName}`).join(' && ');
    const bridge = findLink(context.host, bridgeName);
    if (bridge === undefined) return;
    for (const text of addresses) {
      const address = parseIpAddress(text);
      if (address !== undefined) removeNeighbour(context.host, bridge, address);
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
