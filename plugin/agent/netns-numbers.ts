import type { NetnsId } from '#model/kernel/kernel-snapshot.ts';
import { assignLocalNetnsId } from '#plugin/netlink/assign-local-netns-id.ts';
import { NetlinkError, openNetlinkSocket } from '#plugin/netlink/netlink-socket.ts';
import { NETLINK } from '#plugin/netlink/netlink-tables.ts';
import { openNamespace } from '#plugin/netlink/network-namespace.ts';
import { readLocalNetnsId } from '#plugin/netlink/read-local-netns-id.ts';
import type { FoundNamespace } from './find-namespaces.ts';
import { isGone } from './read-namespace.ts';

/** Numbers that the root namespace gives to the others. Notifications and its links name them by these only. */
export class NetnsNumbers {
  readonly #idByNumber = new Map<number, NetnsId>();
  readonly #numberById = new Map<NetnsId, number>();

  get idByNumber(): ReadonlyMap<number, NetnsId> {
    return this.#idByNumber;
  }

  /**
   * Asks for the numbers of namespaces that have none yet.
   * @param mayAssign gives a number to those that no link leads to: without one the kernel tells nothing of them
   */
  learn(namespaces: Iterable<FoundNamespace>, mayAssign: boolean): void {
    const unknown = [...namespaces].filter(({ id, kind }) => kind !== 'root' && !this.#numberById.has(id));
    if (unknown.length === 0) return;
    using socket = openNetlinkSocket(NETLINK.ROUTE);
    for (const { id, openPath } of unknown) {
      const number = askNumber(openPath, id, (fd) => {
        const known = readLocalNetnsId(socket, fd);
        return known === undefined && mayAssign ? assignLocalNetnsId(socket, fd) : known;
      });
      if (number === undefined) continue;
      this.#idByNumber.set(number, id);
      this.#numberById.set(id, number);
    }
  }

  /** The kernel took the number back: its namespace is gone. @returns the namespace */
  forget(number: number): NetnsId | undefined {
    const id = this.#idByNumber.get(number);
    this.#idByNumber.delete(number);
    if (id !== undefined) this.#numberById.delete(id);
    return id;
  }

  /** Notifications were lost, that numbers were taken back among them. */
  forgetAll(): void {
    this.#idByNumber.clear();
    this.#numberById.clear();
  }
}

function askNumber(path: string, id: NetnsId, ask: (fd: number) => number | undefined): number | undefined {
  try {
    using handle = openNamespace(path);
    return handle.id === id ? ask(handle.fd) : undefined;
  } catch (error) {
    // Refused, or given by somebody else meanwhile: it is read at each full reading all the same.
    if (isGone(error) || error instanceof NetlinkError) return undefined;
    throw error;
  }
}
