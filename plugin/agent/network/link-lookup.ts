import type { NetlinkSocket } from '#plugin/netlink/netlink-socket.ts';
import { findLink, findLinkByIndex } from '#plugin/network/find-link.ts';
import type { LinkFacts } from '#plugin/network/link-message.ts';

/** The few links that matter, each asked for once: a node has hundreds of them, one per pod. */
export class LinkLookup {
  readonly #socket: NetlinkSocket;
  readonly #byName = new Map<string, LinkFacts | undefined>();
  readonly #byIndex = new Map<number, LinkFacts | undefined>();

  constructor(socket: NetlinkSocket) {
    this.#socket = socket;
  }

  /** Of all that were asked for and are there. */
  get indexes(): readonly number[] {
    return [...this.#byName.values(), ...this.#byIndex.values()].flatMap((link) => link?.index ?? []);
  }

  byName(name: string): LinkFacts | undefined {
    if (!this.#byName.has(name)) this.#byName.set(name, findLink(this.#socket, name));
    return this.#byName.get(name);
  }

  byIndex(index: number): LinkFacts | undefined {
    if (!this.#byIndex.has(index)) this.#byIndex.set(index, findLinkByIndex(this.#socket, index));
    return this.#byIndex.get(index);
  }
}
