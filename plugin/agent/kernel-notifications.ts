import {
  bindSocket,
  closeDescriptor,
  openSocket,
  receiveWithControl,
  SystemCallError,
  setSocketOption,
} from '#plugin/netlink/libc.ts';
import { netlinkAddress } from '#plugin/netlink/netlink-socket.ts';
import {
  AF,
  NETLINK,
  NETLINK_OPTION,
  RTNLGRP,
  SO_RCVBUF,
  SOCK,
  SOL_NETLINK,
  SOL_SOCKET,
} from '#plugin/netlink/netlink-tables.ts';

/** Which namespaces changed: numbers that the root namespace gives them; `own` the root itself. */
export interface TouchedNamespaces {
  readonly own: boolean;
  readonly localIds: ReadonlySet<number>;
  /** The kernel's buffer ran over: anything may have changed. */
  readonly overflowed: boolean;
}

const MSG_DONTWAIT = 0x40;
const rcvbufBytes = 4 * 1024 * 1024;
/** A notification is one message of one page at most; the content is not looked at. */
const notificationBytes = 64 * 1024;
const controlBytes = 64;
/** struct cmsghdr: len u64, level s32, type s32, then the data. */
const cmsgHeaderBytes = 16;

const groups = [
  RTNLGRP.LINK,
  RTNLGRP.NEIGH,
  RTNLGRP.IPV4_IFADDR,
  RTNLGRP.IPV4_ROUTE,
  RTNLGRP.IPV4_RULE,
  RTNLGRP.IPV6_IFADDR,
  RTNLGRP.IPV6_ROUTE,
  RTNLGRP.IPV6_RULE,
  RTNLGRP.NSID,
];

/**
 * Follows links, addresses, routes, rules and neighbours of every namespace that the root namespace has a number for,
 * on sockets in the root namespace alone. There are two sockets with the same subscription: the event loop can wait for
 * bytes of a descriptor but not read the ancillary data that names the namespace, so the first one wakes and the second
 * one tells.
 */
export class KernelNotifications implements Disposable {
  readonly #wakeFd: number;
  readonly #tellFd: number;
  readonly #buffer = new Uint8Array(notificationBytes);
  readonly #control = new Uint8Array(controlBytes);
  #isClosed = false;

  constructor() {
    this.#wakeFd = openSubscription();
    this.#tellFd = openSubscription();
    // The waking socket may lose messages without harm: it has woken already.
    setSocketOption(this.#wakeFd, { level: SOL_NETLINK, name: NETLINK_OPTION.NO_ENOBUFS, value: 1 });
    setSocketOption(this.#tellFd, { level: SOL_SOCKET, name: SO_RCVBUF, value: rcvbufBytes });
  }

  /** Calls back whenever something was notified, until closed. */
  async watch(onNotification: () => void): Promise<void> {
    try {
      for await (const chunk of Bun.file(this.#wakeFd).stream()) {
        if (this.#isClosed) return;
        if (chunk.byteLength > 0) onNotification();
      }
    } catch (error) {
      if (!this.#isClosed) throw error;
    }
  }

  /** Takes everything that was notified since the last call. Never waits. */
  drain(): TouchedNamespaces {
    const localIds = new Set<number>();
    let own = false;
    let overflowed = false;
    for (;;) {
      const touched = this.#receive();
      if (touched === 'nothing') return { own, localIds, overflowed };
      if (touched === 'overflow') overflowed = true;
      else if (touched === 'own') own = true;
      else localIds.add(touched);
    }
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    closeDescriptor(this.#tellFd);
    closeDescriptor(this.#wakeFd);
  }

  #receive(): number | 'own' | 'overflow' | 'nothing' {
    try {
      const received = { buffer: this.#buffer, control: this.#control, flags: MSG_DONTWAIT };
      const { controlLength } = receiveWithControl(this.#tellFd, received);
      return readLocalId(this.#control.subarray(0, controlLength)) ?? 'own';
    } catch (error) {
      if (!(error instanceof SystemCallError)) throw error;
      if (error.code === 'EAGAIN') return 'nothing';
      if (error.code === 'ENOBUFS') return 'overflow';
      if (error.code === 'EINTR') return this.#receive();
      throw error;
    }
  }
}

/** The first cmsg of SOL_NETLINK / NETLINK_LISTEN_ALL_NSID; none for the socket's own namespace. net/netlink/af_netlink.c */
function readLocalId(control: Uint8Array): number | undefined {
  if (control.byteLength < cmsgHeaderBytes + 4) return undefined;
  const view = new DataView(control.buffer, control.byteOffset, control.byteLength);
  const isNsid = view.getInt32(8, true) === SOL_NETLINK && view.getInt32(12, true) === NETLINK_OPTION.LISTEN_ALL_NSID;
  return isNsid ? view.getInt32(cmsgHeaderBytes, true) : undefined;
}

function openSubscription(): number {
  const fd = openSocket(AF.NETLINK, SOCK.RAW | SOCK.CLOEXEC | SOCK.NONBLOCK, NETLINK.ROUTE);
  try {
    setSocketOption(fd, { level: SOL_NETLINK, name: NETLINK_OPTION.LISTEN_ALL_NSID, value: 1 });
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
