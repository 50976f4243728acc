import { OVERLAY_LINK } from '#plugin/configuration/link-names.ts';
import { indexAttributes } from '#plugin/netlink/netlink-message.ts';
import type { NetlinkSocket } from '#plugin/netlink/netlink-socket.ts';
import { IFA, IFF, RT_SCOPE, RTM } from '#plugin/netlink/netlink-tables.ts';
import { ipAddressFromBytes, isSameAddress } from '#plugin/network/ip-address.ts';
import type { LinkFacts } from '#plugin/network/link-message.ts';
import type { LinkLookup } from './link-lookup.ts';
import type { LocalSubnet } from './node-network-plan.ts';

/** `struct ifaddrmsg`: family, prefix length, flags, scope, index. include/uapi/linux/if_addr.h */
const IFADDR_BYTES = 8;

/** The subnets of links that are up, by the node's own addresses. Loopback, the overlay and point-to-point addresses have no neighbours. */
export function readLocalSubnets(socket: NetlinkSocket, links: LinkLookup): readonly LocalSubnet[] {
  return socket.dump(RTM.GETADDR, new Uint8Array(IFADDR_BYTES), 'addresses').flatMap(({ body }) => {
    // A link-local address, as every pod's link on the host has one, makes no neighbour that a route could lead to.
    if ((body[3] ?? 0) >= RT_SCOPE.LINK) return [];
    const link = links.byIndex(new DataView(body.buffer, body.byteOffset).getUint32(4, true));
    const attributes = indexAttributes(body, IFADDR_BYTES);
    const address = ipAddressFromBytes(attributes.get(IFA.ADDRESS) ?? new Uint8Array());
    const local = ipAddressFromBytes(attributes.get(IFA.LOCAL) ?? attributes.get(IFA.ADDRESS) ?? new Uint8Array());
    if (
      link === undefined ||
      !isUsable(link) ||
      address === undefined ||
      local === undefined ||
      !isSameAddress(address, local)
    )
      return [];
    return [{ prefix: { address, length: body[1] ?? 0 }, linkName: link.name, mtuBytes: link.mtuBytes }];
  });
}

function isUsable({ flags, name }: LinkFacts): boolean {
  return (flags & IFF.UP) !== 0 && (flags & IFF.LOOPBACK) === 0 && name !== OVERLAY_LINK;
}
