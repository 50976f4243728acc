import { bindSocket, closeDescriptor, openSocket, SystemCallError, setSocketOption } from './libc.ts';
import { netlinkAddress } from './netlink-socket.ts';
import { AF, NETLINK, NETLINK_OPTION, NFNLGRP_NFTABLES, SOCK, SOL_NETLINK } from './netlink-tables.ts';

export interface Subscription {
  /** NETLINK.ROUTE or NETLINK.NETFILTER */
  readonly protocol: number;
  /** RTNLGRP.* or NFNLGRP_* */
  readonly groups: readonly number[];
  /** Hears every namespace that the caller's has a number for, not only the caller's. */
  readonly isOfAll: boolean;
  /** An overflow is no error: for whoever only wants to be woken, as the messages before the lost ones have woken already. */
  readonly mayLose: boolean;
}

/**
 * Opens a netlink socket for notifications in the namespace of the calling thread, non-blocking.
 * @returns a file descriptor
 * @throws SystemCallError where the kernel has no such protocol
 */
export function openSubscription({ protocol, groups, isOfAll, mayLose }: Subscription): number {
  const fd = openSocket(AF.NETLINK, SOCK.RAW | SOCK.CLOEXEC | SOCK.NONBLOCK, protocol);
  const set = (name: number, value: number): void => setSocketOption(fd, { level: SOL_NETLINK, name, value });
  try {
    if (isOfAll) set(NETLINK_OPTION.LISTEN_ALL_NSID, 1);
    if (mayLose) set(NETLINK_OPTION.NO_ENOBUFS, 1);
    bindSocket(fd, netlinkAddress());
    for (const group of groups) joinGroup(fd, group);
    return fd;
  } catch (error) {
    closeDescriptor(fd);
    throw error;
  }
}

/** A kernel that has no such group (RTNLGRP_BRVLAN came with 5.6) has nothing to tell in it. */
function joinGroup(fd: number, value: number): void {
  try {
    setSocketOption(fd, { level: SOL_NETLINK, name: NETLINK_OPTION.ADD_MEMBERSHIP, value });
  } catch (error) {
    if (!(error instanceof SystemCallError && error.code === 'EINVAL')) throw error;
  }
}

/**
 * Calls back with what arrives on a non-blocking socket; several messages may come as one. The event loop waits for it, no thread.
 * @param isClosed asked where reading ends: a descriptor that the caller closed is no failure
 * @returns when the socket is closed
 */
export async function followSocket(
  fd: number,
  take: (chunk: Uint8Array) => void,
  isClosed: () => boolean,
): Promise<void> {
  try {
    for await (const chunk of Bun.file(fd).stream()) {
      if (isClosed()) return;
      if (chunk.byteLength > 0) take(chunk);
    }
  } catch (error) {
    if (!isClosed()) throw error;
  }
}

/** Of nf_tables rulesets. @returns undefined where the kernel has no nf_tables: then there is nothing to tell of */
export function openRulesSubscription(options: Pick<Subscription, 'isOfAll' | 'mayLose'>): number | undefined {
  try {
    return openSubscription({ ...options, protocol: NETLINK.NETFILTER, groups: [NFNLGRP_NFTABLES] });
  } catch (error) {
    if (error instanceof SystemCallError) return undefined;
    throw error;
  }
}
