import { closeDescriptor, receiveWithControl, SystemCallError, setSocketOption } from '#plugin/netlink/libc.ts';
import { decodeMessages, type NetlinkMessage } from '#plugin/netlink/netlink-message.ts';
import { followSocket, openRulesSubscription, openSubscription } from '#plugin/netlink/netlink-subscription.ts';
import {
  NETLINK,
  NETLINK_OPTION,
  NFT_MSG_NEWGEN,
  RTM,
  RTNLGRP,
  SO_RCVBUF,
  SO_RCVBUFFORCE,
  SOL_NETLINK,
  SOL_SOCKET,
} from '#plugin/netlink/netlink-tables.ts';
import { readNsidNotice } from '#plugin/netlink/read-local-netns-id.ts';

/** What the kernel told of one namespace, in its order. */
export interface NamespaceNotices {
  /** RTM_NEW* and RTM_DEL* */
  readonly messages: NetlinkMessage[];
  /** The nf_tables ruleset was changed. */
  hasNewRules: boolean;
}

export interface Notices {
  /** By the number that the root namespace gives to the namespace; `undefined` is the root itself. */
  readonly byLocalId: ReadonlyMap<number | undefined, NamespaceNotices>;
  /** A buffer ran over: anything may have changed. */
  readonly hasOverflowed: boolean;
}

const MSG_DONTWAIT = 0x40;
const rcvbufBytes = 4 * 1024 * 1024;
/** A notification is one message of one page at most. */
const notificationBytes = 64 * 1024;
const controlBytes = 64;
/** struct cmsghdr: len u64, level s32, type s32, then the data. */
const cmsgHeaderBytes = 16;

const routeGroups = [
  RTNLGRP.LINK,
  RTNLGRP.NEIGH,
  RTNLGRP.TC,
  RTNLGRP.IPV4_IFADDR,
  RTNLGRP.IPV4_ROUTE,
  RTNLGRP.IPV4_RULE,
  RTNLGRP.IPV4_NETCONF,
  RTNLGRP.IPV6_IFADDR,
  RTNLGRP.IPV6_ROUTE,
  RTNLGRP.IPV6_RULE,
  RTNLGRP.IPV6_NETCONF,
  RTNLGRP.NSID,
  RTNLGRP.NEXTHOP,
  RTNLGRP.BRVLAN,
];

/**
 * Follows links, addresses, routes, rules, neighbours and nf_tables rulesets of every namespace that the root namespace
 * has a number for, on sockets in the root namespace alone. There are two sockets for each subscription: the event loop
 * can wait for bytes of a descriptor but not read the ancillary data that names the namespace, so one wakes and the
 * other tells.
 */
export class KernelNotifications implements Disposable {
  readonly #wakeFds: readonly number[];
  readonly #routeFd: number;
  readonly #rulesFd: number | undefined;
  readonly #buffer = new Uint8Array(notificationBytes);
  readonly #control = new Uint8Array(controlBytes);
  #isClosed = false;

  constructor() {
    const [routes, waking] = [
      { protocol: NETLINK.ROUTE, groups: routeGroups },
      { isOfAll: true, mayLose: true },
    ];
    this.#routeFd = openSubscription({ ...routes, isOfAll: true, mayLose: false });
    this.#rulesFd = openRulesSubscription({ isOfAll: true, mayLose: false });
    const wakingRulesFd = this.#rulesFd === undefined ? undefined : openRulesSubscription(waking);
    this.#wakeFds = [openSubscription({ ...routes, ...waking }), wakingRulesFd].filter((fd) => fd !== undefined);
    for (const fd of this.#tellFds) growReceiveBuffer(fd);
  }

  get #tellFds(): readonly number[] {
    return this.#rulesFd === undefined ? [this.#routeFd] : [this.#routeFd, this.#rulesFd];
  }

  /** Calls back whenever something was notified, until closed. */
  async watch(onNotification: () => void): Promise<void> {
    await Promise.all(this.#wakeFds.map((fd) => followSocket(fd, onNotification, () => this.#isClosed)));
  }

  /** Takes everything that was notified since the last call. Never waits. */
  drain(): Notices {
    const byLocalId = new Map<number | undefined, NamespaceNotices>();
    let hasOverflowed = false;
    for (const fd of this.#tellFds) {
      for (;;) {
        const received = this.#receive(fd);
        if (received === 'nothing') break;
        if (received === 'overflow') hasOverflowed = true;
        else noteMessages(byLocalId, received);
      }
    }
    return { byLocalId, hasOverflowed };
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    for (const fd of [...this.#tellFds, ...this.#wakeFds]) closeDescriptor(fd);
  }

  #receive(fd: number): Received | 'overflow' | 'nothing' {
    try {
      const received = receiveWithControl(fd, { buffer: this.#buffer, control: this.#control, flags: MSG_DONTWAIT });
      if (received === undefined) return 'nothing';
      const localId = readLocalId(this.#control.subarray(0, received.controlLength));
      const messages = decodeMessages(this.#buffer.subarray(0, received.length));
      return { localId, messages, isRules: fd === this.#rulesFd };
    } catch (error) {
      if (!(error instanceof SystemCallError)) throw error;
      if (error.code === 'ENOBUFS') return 'overflow';
      if (error.code === 'EINTR') return this.#receive(fd);
      throw error;
    }
  }
}

interface Received {
  readonly localId: number | undefined;
  readonly messages: readonly NetlinkMessage[];
  readonly isRules: boolean;
}

function noteMessages(
  notices: Map<number | undefined, NamespaceNotices>,
  { localId, messages, isRules }: Received,
): void {
  // Of a ruleset only the end of each change counts: what it is now is read anew.
  const counting = isRules ? messages.filter(({ type }) => type === NFT_MSG_NEWGEN) : messages;
  if (counting.length === 0) return;
  if (localId === undefined && !isRules) forgetEnded(notices, messages);
  const known = notices.get(localId) ?? { messages: [], hasNewRules: false };
  if (isRules) known.hasNewRules = true;
  else known.messages.push(...counting);
  notices.set(localId, known);
}

/** The next namespace may get the number of one that ended, and must not get what was told of that one. */
function forgetEnded(notices: Map<number | undefined, NamespaceNotices>, messages: readonly NetlinkMessage[]): void {
  for (const { type, body } of messages) {
    const ended = type === RTM.DELNSID ? readNsidNotice(body) : undefined;
    if (ended !== undefined) notices.delete(ended);
  }
}

/** The first cmsg of SOL_NETLINK / NETLINK_LISTEN_ALL_NSID; none for the socket's own namespace. net/netlink/af_netlink.c */
function readLocalId(control: Uint8Array): number | undefined {
  if (control.byteLength < cmsgHeaderBytes + 4) return undefined;
  const view = new DataView(control.buffer, control.byteOffset, control.byteLength);
  const isNsid = view.getInt32(8, true) === SOL_NETLINK && view.getInt32(12, true) === NETLINK_OPTION.LISTEN_ALL_NSID;
  return isNsid ? view.getInt32(cmsgHeaderBytes, true) : undefined;
}

/** In a user namespace of its own the agent gets what net.core.rmem_max allows. */
function growReceiveBuffer(fd: number): void {
  const size = { level: SOL_SOCKET, value: rcvbufBytes };
  try {
    setSocketOption(fd, { ...size, name: SO_RCVBUFFORCE });
  } catch (error) {
    if (!(error instanceof SystemCallError)) throw error;
    setSocketOption(fd, { ...size, name: SO_RCVBUF });
  }
}
