import { nodeFs } from '#plugin/netlink/node-fs.ts';
import { waitForLock } from '#plugin/netlink/wait-for-lock.ts';
import { formatIpAddress, parseIpAddress } from '#plugin/network/ip-address.ts';
import type { ReservationOwner } from './reservation.ts';

/**
 * The file store of the reference IPAM plugin, `<dataDir>/<network>`: per address a file named like it that holds the container
 * id, CR LF and the interface name; `last_reserved_ip.N` per range set; `lock`, held with flock(2).
 * Source: containernetworking/plugins, plugins/ipam/host-local/backend/disk.
 */
export type HostLocalStore = { readonly directory: string; readonly lockTimeoutMs: () => number };

export type HostLocalEntry = ReservationOwner & { readonly address: string };

export type HostLocalContent = {
  readonly entries: readonly HostLocalEntry[];
  readonly lastReserved: readonly string[];
};

const LAST_RESERVED = 'last_reserved_ip.';

/** Versions of host-local from before 2018 wrote no interface name; the kubelet's is always this one. */
const DEFAULT_INTERFACE = 'eth0';

/** @returns what is reserved there, nothing where there is no such store. @throws LockTimeout */
export function readHostLocal(store: HostLocalStore): HostLocalContent {
  return withHostLocalLock(store, () => {
    const names = listNames(store.directory);
    const entries = names.map((name) => readEntry(store.directory, name)).filter((entry) => entry !== undefined);
    const lastReserved = names
      .filter((name) => name.startsWith(LAST_RESERVED))
      .map((name) => (readText(`${store.directory}/${name}`) ?? '').trim());
    return { entries, lastReserved };
  });
}

/** Gives addresses back there too, as far as they are still the owner's. @throws LockTimeout */
export function releaseHostLocal(store: HostLocalStore, owner: ReservationOwner, addresses: readonly string[]): void {
  withHostLocalLock(store, () => {
    for (const name of listHeld(store.directory, owner, addresses)) nodeFs().unlinkSync(`${store.directory}/${name}`);
  });
}

/** @returns those of the addresses that are still the owner's there */
export function listHeld(
  directory: string,
  { containerId, ifName }: ReservationOwner,
  addresses: readonly string[],
): readonly string[] {
  return addresses.filter((address) => {
    const entry = readEntry(directory, address);
    return entry?.containerId === containerId && entry.ifName === ifName;
  });
}

/** A file that is empty was torn by a crash: its ADD never ended, so no pod has the address. */
function readEntry(directory: string, name: string): HostLocalEntry | undefined {
  const address = parseIpAddress(name);
  if (address === undefined) return undefined;
  const [containerId, ifName] = (readText(`${directory}/${name}`) ?? '').trim().split(/\s+/);
  if (!containerId) return undefined;
  return { address: formatIpAddress(address), containerId, ifName: ifName ?? DEFAULT_INTERFACE };
}

function withHostLocalLock<T>({ directory, lockTimeoutMs }: HostLocalStore, work: () => T): T {
  const path = `${directory}/lock`;
  const fd = openExisting(path);
  if (fd === undefined) return work();
  try {
    waitForLock(fd, path, lockTimeoutMs());
    return work();
  } finally {
    nodeFs().closeSync(fd);
  }
}

function openExisting(path: string): number | undefined {
  return ignoreMissing(() => nodeFs().openSync(path, 'r'));
}

function listNames(directory: string): readonly string[] {
  return ignoreMissing(() => nodeFs().readdirSync(directory)) ?? [];
}

function readText(path: string): string | undefined {
  return ignoreMissing(() => nodeFs().readFileSync(path, 'utf8'));
}

function ignoreMissing<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
