import { fail, type Result, succeed } from '#model/result.ts';
import { formatIpAddress, type IpAddress, isSameAddress, parseIpAddress } from '#plugin/network/ip-address.ts';
import { type AddressRange, describeRange, isInRange } from './address-range.ts';
import type { ReservationOwner, ReservationStore } from './reservation-store.ts';

export type ReservedAddress = { readonly address: IpAddress; readonly range: AddressRange };

export type IpamFailure =
  | { readonly kind: 'pool-exhausted'; readonly message: string }
  | { readonly kind: 'address-taken'; readonly message: string }
  | { readonly kind: 'address-unusable'; readonly message: string };

export type AddressDemand = {
  readonly owner: ReservationOwner;
  /** One address is taken of each set. */
  readonly rangeSets: readonly (readonly AddressRange[])[];
  /** Addresses that the runtime asks for by name. */
  readonly requested: readonly IpAddress[];
  /** RFC 3339 */
  readonly reservedAt: string;
};

/** Takes all addresses or none. Runs under the store's lock. */
export function reserveAddresses(
  store: ReservationStore,
  demand: AddressDemand,
): Result<readonly ReservedAddress[], IpamFailure> {
  const unusable = findUnusableRequest(demand);
  if (unusable !== undefined) return fail(unusable);
  return store.withLock(() => {
    const taken: ReservedAddress[] = [];
    for (const set of demand.rangeSets) {
      const reserved = reserveFromSet(store, set, demand);
      if (!reserved.ok) {
        store.release(taken.map(({ address }) => formatIpAddress(address)));
        return reserved;
      }
      taken.push(reserved.value);
    }
    return succeed(taken);
  });
}

/** A request that no set can serve, or two that only one set could. */
function findUnusableRequest({ rangeSets, requested }: AddressDemand): IpamFailure | undefined {
  const openSets = new Set(rangeSets);
  for (const address of requested) {
    const set = [...openSets].find((candidate) => candidate.some((range) => isUsable(range, address)));
    if (set === undefined) {
      const message = `requested address ${formatIpAddress(address)} is not in any range of the network, or is its gateway`;
      return { kind: 'address-unusable', message };
    }
    openSets.delete(set);
  }
  return undefined;
}

function isUsable(range: AddressRange, address: IpAddress): boolean {
  return isInRange(range, address) && !isSameAddress(range.gateway, address);
}

function reserveFromSet(
  store: ReservationStore,
  set: readonly AddressRange[],
  { owner, requested, reservedAt }: AddressDemand,
): Result<ReservedAddress, IpamFailure> {
  for (const range of set) {
    const address = requested.find((candidate) => isUsable(range, candidate));
    if (address !== undefined) return reserveRequested(store, { address, range }, { owner, reservedAt });
  }
  const reserved = store.listReserved();
  for (const range of set) {
    for (const address of candidateAddresses(range, reserved, store.listFreed())) {
      if (store.create(formatIpAddress(address), owner, reservedAt)) return succeed({ address, range });
    }
  }
  const ranges = set.map(describeRange).join(', ');
  return fail({ kind: 'pool-exhausted', message: `no address is left in ${ranges}` });
}

function reserveRequested(
  store: ReservationStore,
  wanted: ReservedAddress,
  { owner, reservedAt }: Pick<AddressDemand, 'owner' | 'reservedAt'>,
): Result<ReservedAddress, IpamFailure> {
  const name = formatIpAddress(wanted.address);
  if (store.create(name, owner, reservedAt)) return succeed(wanted);
  const holder = store.read(name);
  if (holder?.containerId === owner.containerId && holder.ifName === owner.ifName) return succeed(wanted);
  return fail({
    kind: 'address-taken',
    message: `requested address ${name} is held by ${holder?.containerId ?? 'another pod'}`,
  });
}

/** Never used ones in ascending order, then those given back, the longest free first; last, files that hold nothing. */
function* candidateAddresses(
  range: AddressRange,
  reserved: ReadonlySet<string>,
  freedInOrder: readonly string[],
): Generator<IpAddress> {
  const freed = new Set(freedInOrder);
  for (let { value } = range.first; value <= range.last.value; value += 1n) {
    const address: IpAddress = { family: range.first.family, value };
    const name = formatIpAddress(address);
    if (!reserved.has(name) && !freed.has(name) && !isSameAddress(address, range.gateway)) yield address;
  }
  for (const name of [...freedInOrder, ...reserved]) {
    const address = parseIpAddress(name);
    if (address !== undefined && isUsable(range, address)) yield address;
  }
}

/** @returns whether an ADD could still get an address of every set; nothing is changed */
export function hasFreeAddresses(store: ReservationStore, rangeSets: AddressDemand['rangeSets']): boolean {
  const reserved = store.listReserved();
  return rangeSets.every((set) =>
    set.some((range) => {
      for (const address of candidateAddresses(range, reserved, store.listFreed())) {
        if (!reserved.has(formatIpAddress(address))) return true;
      }
      return false;
    }),
  );
}
