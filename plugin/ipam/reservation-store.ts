import {
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { waitForLock } from '#plugin/netlink/wait-for-lock.ts';

/** Whose address it is: CNI_CONTAINERID and CNI_IFNAME. */
export type ReservationOwner = { readonly containerId: string; readonly ifName: string };

export type Reservation = ReservationOwner & {
  /** Boot (and root namespace) in which it was made; of an earlier one, no pod is left that could use it. */
  readonly bootId: string;
  /** RFC 3339 */
  readonly reservedAt: string;
};

const LOCK_FILE = '.lock';
const BOOT_FILE = '.boot';
const FREED_FILE = '.freed';

export type ReservationStoreOptions = {
  /** `<state>/ipam/<network>` */
  readonly directory: string;
  readonly bootId: string;
  /** How long a lock of another process may be waited for, asked anew each time. */
  readonly lockTimeoutMs: () => number;
};

/**
 * One file per reserved address, named like it: `<state>/ipam/<network>/10.240.2.2`. A file appears complete or not at all
 * (written aside, then linked), and one that is empty all the same counts as free. Names that begin with a dot are the
 * store's own. Everything that changes it runs under `withLock`.
 */
export class ReservationStore {
  readonly #options: ReservationStoreOptions;

  constructor(options: ReservationStoreOptions) {
    this.#options = options;
    mkdirSync(options.directory, { recursive: true, mode: 0o755 });
  }

  /** @throws LockTimeout */
  withLock<T>(work: () => T): T {
    const path = this.#path(LOCK_FILE);
    const fd = openSync(path, 'a', 0o600);
    try {
      waitForLock(fd, path, this.#options.lockTimeoutMs());
      this.#reclaimEarlierBoots();
      return work();
    } finally {
      closeSync(fd);
    }
  }

  /** Addresses with a file, in no order. */
  listReserved(): ReadonlySet<string> {
    return new Set(readdirSync(this.#options.directory).filter((name) => !name.startsWith('.')));
  }

  /** Addresses given back, the longest free first. */
  listFreed(): readonly string[] {
    return (this.#readText(FREED_FILE) ?? '').split('\n').filter((line) => line !== '');
  }

  /** @returns undefined where the address is free: no file, an empty or torn one */
  read(address: string): Reservation | undefined {
    const text = this.#readText(address);
    if (text === undefined || text === '') return undefined;
    try {
      return JSON.parse(text) as Reservation;
    } catch {
      return undefined;
    }
  }

  /** @returns false where someone has it already */
  create(address: string, owner: ReservationOwner, reservedAt: string): boolean {
    if (this.read(address) === undefined) this.#remove(address);
    const { containerId, ifName } = owner;
    const reservation: Reservation = { containerId, ifName, bootId: this.#options.bootId, reservedAt };
    const draft = this.#writeDraft(`${JSON.stringify(reservation)}\n`);
    try {
      linkSync(draft, this.#path(address));
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    } finally {
      unlinkSync(draft);
    }
  }

  /** Gives addresses back; those that are free already are passed over. */
  release(addresses: readonly string[]): readonly string[] {
    const released = addresses.filter((address) => this.#remove(address));
    if (released.length === 0) return released;
    const reserved = this.listReserved();
    const earlier = this.listFreed().filter((address) => !released.includes(address) && !reserved.has(address));
    this.#replaceText(FREED_FILE, `${[...earlier, ...released].join('\n')}\n`);
    return released;
  }

  findByOwner({ containerId, ifName }: ReservationOwner): readonly string[] {
    return [...this.listReserved()].filter((address) => {
      const reservation = this.read(address);
      return reservation?.containerId === containerId && reservation.ifName === ifName;
    });
  }

  #reclaimEarlierBoots(): void {
    const { bootId } = this.#options;
    if (this.#readText(BOOT_FILE) === bootId) return;
    this.release([...this.listReserved()].filter((address) => this.read(address)?.bootId !== bootId));
    this.#replaceText(BOOT_FILE, bootId);
  }

  #path(name: string): string {
    return `${this.#options.directory}/${name}`;
  }

  #readText(name: string): string | undefined {
    try {
      return readFileSync(this.#path(name), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  #replaceText(name: string, text: string): void {
    renameSync(this.#writeDraft(text), this.#path(name));
  }

  /**
   * A draft that a killed process left may be linked as someone's reservation: with the same process id again, it must be
   * unlinked, never written over.
   */
  #writeDraft(text: string): string {
    const name = `.draft-${process.pid}`;
    this.#remove(name);
    writeFileSync(this.#path(name), text, { mode: 0o600, flag: 'wx' });
    return this.#path(name);
  }

  #remove(address: string): boolean {
    try {
      unlinkSync(this.#path(address));
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw error;
    }
  }
}
