import { bindSocket, closeDescriptor, openSocket, setSocketOption } from '#plugin/netlink/libc.ts';
import { netlinkAddress } from '#plugin/netlink/netlink-socket.ts';
import {
  AF,
  NETLINK,
  NETLINK_OPTION,
  NFNLGRP_NFTABLES,
  RTNLGRP,
  SOCK,
  SOL_NETLINK,
} from '#plugin/netlink/netlink-tables.ts';

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
  readonly #descriptors: readonly number[];
  #isClosed = false;

  /** @param hasOverlay entries of neighbours and fdb count too; without an overlay they are the kernel's own and never rest */
  constructor({ hasOverlay }: { readonly hasOverlay: boolean }) {
    this.#descriptors = [
      subscribe(NETLINK.ROUTE, hasOverlay ? [...ROUTE_GROUPS, RTNLGRP.NEIGH] : ROUTE_GROUPS),
      subscribe(NETLINK.NETFILTER, [NFNLGRP_NFTABLES]),
    ];
  }

  /** Calls back whenever something was notified, until closed. */
  async watch(onNotification: () => void): Promise<void> {
    await Promise.all(this.#descriptors.map((fd) => this.#follow(fd, onNotification)));
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    for (const fd of this.#descriptors) closeDescriptor(fd);
  }

  async #follow(fd: number, onNotification: () => void): Promise<void> {
    try {
      for await (const chunk of Bun.file(fd).stream()) {
        if (this.#isClosed) return;
        if (chunk.byteLength > 0) onNotification();
      }
    } catch (error) {
      if (!this.#isClosed) throw error;
    }
  }
}

function subscribe(protocol: number, groups: readonly number[]): number {
  const fd = openSocket(AF.NETLINK, SOCK.RAW | SOCK.CLOEXEC | SOCK.NONBLOCK, protocol);
  try {
    // A lost message does no harm: the ones before it have woken already.
    setSocketOption(fd, { level: SOL_NETLINK, name: NETLINK_OPTION.NO_ENOBUFS, value: 1 });
    bindSocket(fd, netlinkAddress());
    for (const group of groups) {
      setSocketOption(fd, { level: SOL_NETLINK, name: NETLINK_OPTION.ADD_MEMBERSHIP, value: group });
    }
    return fd;
  } catch (error) {
    closeDescriptor(fd);
    throw error;
  }
}
