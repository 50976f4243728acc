import { closeDescriptor } from '#plugin/netlink/libc.ts';
import { decodeMessages, type NetlinkMessage } from '#plugin/netlink/netlink-message.ts';
import { followSocket, openSubscription } from '#plugin/netlink/netlink-subscription.ts';
import { NETLINK, NFNLGRP_NFTABLES, RTNLGRP } from '#plugin/netlink/netlink-tables.ts';

/** Whatever may have moved a link, an address, a route, forwarding or a rule of this node. IPv4 routes go silently with their link. */
const ROUTE_GROUPS = [
  RTNLGRP.LINK,
  RTNLGRP.IPV4_IFADDR,
  RTNLGRP.IPV6_IFADDR,
  RTNLGRP.IPV4_ROUTE,
  RTNLGRP.IPV6_ROUTE,
  RTNLGRP.IPV4_NETCONF,
  RTNLGRP.IPV6_NETCONF,
];

/**
 * Wakes whoever keeps the network right; what happened is read from the kernel's tables. Sockets of the node's own namespace alone, so
 * that nothing is held in a pod's.
 */
export class NetworkNotifications implements Disposable {
  readonly #sockets: readonly { readonly fd: number; readonly protocol: number }[];
  #isClosed = false;

  /** @param hasOverlay entries of neighbours and fdb count too; without an overlay they are the kernel's own and never rest */
  constructor({ hasOverlay }: { readonly hasOverlay: boolean }) {
    const groups = new Map([
      [NETLINK.ROUTE, hasOverlay ? [...ROUTE_GROUPS, RTNLGRP.NEIGH] : ROUTE_GROUPS],
      [NETLINK.NETFILTER, [NFNLGRP_NFTABLES]],
    ]);
    this.#sockets = [...groups].map(([protocol, wanted]) => {
      return { protocol, fd: openSubscription({ protocol, groups: wanted, isOfAll: false, mayLose: true }) };
    });
  }

  /**
   * Calls back whenever something was notified, until closed.
   * @param isWanted asked about every message of rtnetlink; one of nf_tables always counts
   */
  async watch(onNotification: () => void, isWanted: (message: NetlinkMessage) => boolean): Promise<void> {
    const follow = ({ fd, protocol }: { readonly fd: number; readonly protocol: number }): Promise<void> => {
      const take = (chunk: Uint8Array): void => {
        if (protocol !== NETLINK.ROUTE || hasWanted(chunk, isWanted)) onNotification();
      };
      return followSocket(fd, take, () => this.#isClosed);
    };
    await Promise.all(this.#sockets.map(follow));
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    for (const { fd } of this.#sockets) closeDescriptor(fd);
  }
}

/** What cannot be taken apart, as the runtime may cut it anywhere, is worth a look. */
function hasWanted(chunk: Uint8Array, isWanted: (message: NetlinkMessage) => boolean): boolean {
  try {
    return decodeMessages(chunk).some(isWanted);
  } catch (error) {
    if (error instanceof RangeError) return true;
    throw error;
  }
}
