import type { Netfilter, NetnsId, NetworkNamespace } from '#model/kernel/kernel-snapshot.ts';
import { untouchedGeneration } from '#plugin/netlink/read-nftables-generation.ts';
import { type FoundNamespace, findNamespaces } from './find-namespaces.ts';
import type { TouchedNamespaces } from './kernel-notifications.ts';
import { type NamespaceReading, readNamespace } from './read-namespace.ts';
import { emptyNetfilter, readNetfilter } from './read-netfilter.ts';
import { describeError, type WriteLog } from './write-log-line.ts';

interface KnownNetfilter {
  readonly generation: number | undefined;
  readonly netfilter: Netfilter;
}

/**
 * The kernel state of every namespace of this node as last read. Readings replace whole namespaces; nothing is patched
 * from notifications, so that a lost one leaves no lasting error.
 */
export class KernelState {
  readonly #log: WriteLog;
  #namespaces: ReadonlyMap<NetnsId, NetworkNamespace> = new Map();
  #localNetnsIds: ReadonlyMap<number, NetnsId> = new Map();
  readonly #netfilter = new Map<NetnsId, KnownNetfilter>();
  readonly #unreadable = new Set<NetnsId>();

  constructor(log: WriteLog) {
    this.#log = log;
  }

  get namespaces(): ReadonlyMap<NetnsId, NetworkNamespace> {
    return this.#namespaces;
  }

  /** Reads everything again, the netfilter counters included. */
  async readEverything(): Promise<void> {
    const found = findNamespaces();
    await this.#read(found, { wanted: found, isNetfilterForced: true });
  }

  /** Reads what was touched, what is new, and drops what is gone. */
  async readTouched(touched: TouchedNamespaces): Promise<void> {
    const found = findNamespaces();
    const ids = this.#identify(touched, found);
    const wanted = found.filter(({ id, kind }) => ids.has(id) || !this.#namespaces.has(id) || kind === 'root');
    await this.#read(found, { wanted, isNetfilterForced: false });
  }

  /** A number without a namespace to it means that something appeared: then everything counts as touched. */
  #identify({ localIds, overflowed }: TouchedNamespaces, found: readonly FoundNamespace[]): ReadonlySet<NetnsId> {
    const ids = [...localIds].map((local) => this.#localNetnsIds.get(local));
    if (overflowed || ids.includes(undefined)) return new Set(found.map(({ id }) => id));
    return new Set(ids.filter((id) => id !== undefined));
  }

  async #read(
    found: readonly FoundNamespace[],
    { wanted, isNetfilterForced }: { readonly wanted: readonly FoundNamespace[]; readonly isNetfilterForced: boolean },
  ): Promise<void> {
    const alive = new Set(found.map(({ id }) => id));
    const next = new Map([...this.#namespaces].filter(([id]) => alive.has(id)));
    for (const id of this.#netfilter.keys()) if (!alive.has(id)) this.#netfilter.delete(id);
    for (const place of wanted) {
      const reading = this.#readOne(place, found);
      // Its number may go to another namespace: what was read of it must not stay.
      if (reading === undefined) next.delete(place.id);
      else next.set(place.id, await this.#withNetfilter(place, reading, isNetfilterForced));
    }
    this.#namespaces = next;
  }

  #readOne(place: FoundNamespace, found: readonly FoundNamespace[]): NamespaceReading | undefined {
    try {
      const reading = readNamespace(place, found);
      if (reading !== undefined) this.#unreadable.delete(place.id);
      if (reading !== undefined && place.kind === 'root') this.#localNetnsIds = reading.localNetnsIds;
      return reading;
    } catch (error) {
      if (!this.#unreadable.has(place.id)) {
        this.#log('warn', 'a network namespace cannot be read', {
          namespace: place.id,
          path: place.openPath,
          reason: describeError(error),
        });
        this.#unreadable.add(place.id);
      }
      return undefined;
    }
  }

  /** Starts the netfilter tools only where the ruleset's generation moved, or counters are due. */
  async #withNetfilter(
    { id, kind, openPath }: FoundNamespace,
    { namespace, nftablesGeneration: generation }: NamespaceReading,
    isForced: boolean,
  ): Promise<NetworkNamespace> {
    const isRoot = kind === 'root';
    const known = this.#netfilter.get(id);
    const isFresh = known !== undefined && known.generation === generation;
    const netfilter =
      isFresh && !isForced
        ? known.netfilter
        : !isRoot && generation === untouchedGeneration
          ? emptyNetfilter
          : await readNetfilter(isRoot ? undefined : openPath);
    this.#netfilter.set(id, { generation, netfilter });
    return { ...namespace, netfilter };
  }
}
