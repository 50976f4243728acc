import {
  closeFile,
  inFolderOf,
  isPresent,
  linkFile,
  OPEN,
  openExisting,
  openFile,
  readExistingText,
  removeFile,
  rewriteText,
  writeText,
} from '#plugin/netlink/file-calls.ts';
import { tryLock } from '#plugin/netlink/libc.ts';
import { nodeFs } from '#plugin/netlink/node-fs.ts';
import { waitForLock } from '#plugin/netlink/wait-for-lock.ts';
import { hashText } from '#plugin/network/hash-text.ts';
import { parseIpAddress } from '#plugin/network/ip-address.ts';
import type { AddressOrder } from './address-order.ts';
import { listHeld, readHostLocal, releaseHostLocal } from './host-local-store.ts';
import {
  formatReservation,
  hadOtherMac,
  parseReservation,
  type Reservation,
  type ReservationOwner,
} from './reservation.ts';
import { giveSpareSpace, isFull, keepSpareSpace } from './spare-space.ts';

const LOCK_FILE = '.lock';
const STATE_FILE = '.state';
const SPARE_FILE = '.spare';
const OWNERS = '.owners';

/** NAME_MAX, include/uapi/linux/limits.h; what is allowed in a container id is safe in a file name. */
const SAFE_OWNER_NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.:-]{0,254}$/;

type StoreState = AddressOrder & { readonly bootId: string };

/** The address is not given: without its file, it could be given twice. */
export class ReservationUnwritable extends Error {
  override readonly name = 'ReservationUnwritable';
}

export type ReservationDemand = Omit<Reservation, 'bootId' | 'reservedAt' | 'importedFrom'>;

export type ReservationStoreOptions = {
  /** `<state>/ipam/<network>` */
  readonly directory: string;
  readonly bootId: string;
  /** Where a host-local store of the same network would be; taken over once per boot. */
  readonly hostLocalDirectory: string | undefined;
  /** RFC 3339: when this invocation began. */
  readonly startedAt: string;
  /** How long a lock of another process may be waited for, asked anew each time. */
  readonly lockTimeoutMs: () => number;
};

/**
 * The addresses in use in one network, as files: docs/ipam.md describes them. Everything that changes the store runs under
 * `withLock`; whether an address is free, its file alone says. Nothing is synced to the disk: after a power cut no pod of
 * this boot is left, and what the cut tore counts as free (ADR 0010).
 */
export class ReservationStore {
  readonly #options: ReservationStoreOptions;

  constructor(options: ReservationStoreOptions) {
    this.#options = options;
  }

  /** @throws LockTimeout */
  withLock<T>(work: () => T): T {
    const path = this.#path(LOCK_FILE);
    const fd = this.#openLock(path);
    try {
      waitForLock(fd, path, this.#options.lockTimeoutMs());
      if (this.#readState()?.bootId !== this.#options.bootId) this.#beginBoot();
      return work();
    } finally {
      closeFile(fd);
    }
  }

  /** Whether there is anything to find in it, without making it. */
  exists(): boolean {
    const { directory, hostLocalDirectory } = this.#options;
    return isPresent(directory) || (hostLocalDirectory !== undefined && isPresent(hostLocalDirectory));
  }

  readOrder(): AddressOrder {
    const { next = {}, freed = [], lastImported = [], misremembered = [] } = this.#readState() ?? {};
    return { next, freed, lastImported, misremembered };
  }

  isFree(address: string): boolean {
    return this.read(address) === undefined;
  }

  /** @returns undefined where the address is free: no file, an empty or torn one, one of an earlier boot */
  read(address: string): Reservation | undefined {
    const reservation = this.#readReservation(address);
    return reservation?.addresses.includes(address) ? reservation : undefined;
  }

  findByOwner(owner: ReservationOwner): Reservation | undefined {
    const reservation = this.#readReservation(ownerPath(owner));
    return reservation !== undefined && isSameOwner(reservation, owner) ? reservation : undefined;
  }

  /** Addresses with a file, in no order. */
  listReserved(): readonly string[] {
    return this.#listNames('.').filter((name) => !name.startsWith('.'));
  }

  listReservations(): readonly Reservation[] {
    return this.#listNames(OWNERS)
      .map((name) => this.#readReservation(`${OWNERS}/${name}`))
      .filter((reservation) => reservation !== undefined);
  }

  /**
   * Gives the attachment its addresses, which have to be free. Its file stays open and locked until the process ends, however
   * it ends: by that others see that the ADD is under way.
   */
  reserve(demand: ReservationDemand, order: AddressOrder): void {
    const { bootId, startedAt: reservedAt } = this.#options;
    // Never closed: the lock on it ends with the process.
    this.#writeReservation({ ...demand, reservedAt, bootId });
    this.#writeState({ bootId, ...order });
  }

  /** Gives addresses back, in a store of host-local too if they came from there. @returns those that were reserved */
  release(reservations: readonly Reservation[]): readonly string[] {
    const released = reservations.flatMap((reservation) => this.listHeldAddresses(reservation));
    const gone = new Set(released);
    const order = this.readOrder();
    const freed = [...order.freed.filter((address) => !gone.has(address)), ...released];
    const odd = reservations.filter(hadOtherMac).flatMap(({ addresses }) => addresses);
    const misremembered = [...order.misremembered.filter((address) => !odd.includes(address)), ...odd];
    if (gone.size > 0) this.#writeState({ bootId: this.#options.bootId, ...order, freed, misremembered });
    for (const address of released) this.#remove(address);
    for (const reservation of reservations) {
      this.#releaseImported(reservation);
      this.#remove(ownerPath(reservation));
    }
    keepSpareSpace(this.#path(SPARE_FILE));
    return released;
  }

  /** An ADD that was killed before it linked all of them holds fewer than it wrote down; another may have got them since. */
  listHeldAddresses({ addresses, ...owner }: Reservation): readonly string[] {
    return addresses.filter((address) => {
      const holder = this.read(address);
      return holder !== undefined && isSameOwner(holder, owner);
    });
  }

  /** Whether the process that reserved it is still at it: ADD holds the file's lock until it ends. */
  isUnderWay(owner: ReservationOwner): boolean {
    const path = this.#path(ownerPath(owner));
    const fd = openExisting(path, OPEN.READ);
    if (fd === undefined) return false;
    try {
      // Shared: two that ask at the same time do not take each other for an ADD.
      return !tryLock(fd, 'shared', path);
    } finally {
      closeFile(fd);
    }
  }

  /** Whether host-local has given back, by a DEL of its own, what was taken over from it. */
  isReleasedByHostLocal({ importedFrom, addresses, ...owner }: Reservation): boolean {
    return importedFrom !== undefined && listHeld(importedFrom, owner, addresses).length === 0;
  }

  /** Drops what earlier boots left, then takes over what host-local has. Repeated after a kill, it does no harm. */
  #beginBoot(): void {
    nodeFs().mkdirSync(this.#path(OWNERS), { recursive: true, mode: 0o755 });
    for (const name of this.#listNames(OWNERS)) {
      if (this.#readReservation(`${OWNERS}/${name}`) === undefined) this.#remove(`${OWNERS}/${name}`);
    }
    const stale = this.listReserved().filter((name) => parseIpAddress(name) !== undefined && this.isFree(name));
    for (const address of stale) this.#remove(address);
    const { next, freed } = this.readOrder();
    const returned = new Set(stale);
    const lastImported = this.#importHostLocal();
    const freedNow = [...freed.filter((address) => !returned.has(address)), ...stale];
    const { bootId } = this.#options;
    this.#writeState({ bootId, next, freed: freedNow, lastImported, misremembered: [] });
    keepSpareSpace(this.#path(SPARE_FILE));
  }

  /** @returns where host-local's ranges had got to */
  #importHostLocal(): readonly string[] {
    const { hostLocalDirectory: directory, lockTimeoutMs, startedAt: reservedAt, bootId } = this.#options;
    if (directory === undefined) return [];
    const { entries, lastReserved } = readHostLocal({ directory, lockTimeoutMs });
    for (const [, group] of Map.groupBy(entries, ownerPath)) {
      const [owner] = group;
      const addresses = group.map(({ address }) => address).filter((address) => this.isFree(address));
      if (owner === undefined || addresses.length === 0) continue;
      const { containerId, ifName } = owner;
      const reservation = { addresses, containerId, ifName, reservedAt, bootId, importedFrom: directory };
      closeFile(this.#writeReservation(reservation));
    }
    return lastReserved;
  }

  #releaseImported({ importedFrom: directory, addresses, ...owner }: Reservation): void {
    if (directory === undefined) return;
    releaseHostLocal({ directory, lockTimeoutMs: this.#options.lockTimeoutMs }, owner, addresses);
  }

  /** Complete first, then linked to its addresses: no address ever names half a file. @returns its locked descriptor */
  #writeReservation(reservation: Reservation): number {
    const path = this.#path(ownerPath(reservation));
    this.#remove(ownerPath(reservation));
    const fd = openFile(path, OPEN.WRITE | OPEN.CREATE | OPEN.EXCLUSIVE, 0o644);
    waitForLock(fd, path, this.#options.lockTimeoutMs());
    try {
      writeText(fd, formatReservation(reservation));
      for (const address of reservation.addresses) {
        this.#remove(address);
        linkFile(path, this.#path(address));
      }
      return fd;
    } catch (error) {
      for (const name of [...reservation.addresses, ownerPath(reservation)]) this.#remove(name);
      closeFile(fd);
      if (isFull(error) && giveSpareSpace(this.#path(SPARE_FILE))) return this.#writeReservation(reservation);
      const message = `reservation ${path} cannot be written, make room or mend the disk: ${String(error)}`;
      throw new ReservationUnwritable(message, { cause: error });
    }
  }

  #readReservation(name: string): Reservation | undefined {
    const reservation = parseReservation(this.#readText(name) ?? '');
    return reservation?.bootId === this.#options.bootId ? reservation : undefined;
  }

  #readState(): StoreState | undefined {
    try {
      return JSON.parse(this.#readText(STATE_FILE) ?? '') as StoreState;
    } catch (error) {
      if (error instanceof SyntaxError) return undefined;
      throw error;
    }
  }

  /** The order of free addresses is not worth a pod: on a full disk it stays as it was. */
  #writeState(state: StoreState): void {
    try {
      rewriteText(this.#path(STATE_FILE), JSON.stringify(state));
    } catch (error) {
      if (!isFull(error)) throw error;
    }
  }

  #openLock(path: string): number {
    return inFolderOf(path, () => openFile(path, OPEN.WRITE | OPEN.CREATE, 0o600));
  }

  #path(name: string): string {
    return `${this.#options.directory}/${name}`;
  }

  #listNames(name: string): readonly string[] {
    const path = this.#path(name);
    return isPresent(path) ? nodeFs().readdirSync(path) : [];
  }

  #readText(name: string): string | undefined {
    return readExistingText(this.#path(name));
  }

  #remove(name: string): void {
    removeFile(this.#path(name));
  }
}

function isSameOwner(one: ReservationOwner, other: ReservationOwner): boolean {
  return one.containerId === other.containerId && one.ifName === other.ifName;
}

/** `.owners/<container id>:<interface name>`: DEL finds its file without looking through the others. */
function ownerPath({ containerId, ifName }: ReservationOwner): string {
  const name = `${containerId}:${ifName}`;
  return `${OWNERS}/${SAFE_OWNER_NAME.test(name) ? name : hashText(name).toString(16)}`;
}
