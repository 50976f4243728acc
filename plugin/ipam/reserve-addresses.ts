import { fail, type Result, succeed } from '#model/result.ts';
import { formatIpAddress, type IpAddress } from '#plugin/network/ip-address.ts';
import { type AddressOrder, chooseAddress, isUsable, type ReservedAddress } from './address-order.ts';
import { type AddressRange, describeRange } from './address-range.ts';
import type { Reservation, ReservationOwner } from './reservation.ts';
import type { ReservationStore } from './reservation-store.ts';

export type IpamFailure = {
  readonly kind: 'pool-exhausted' | 'address-taken' | 'address-unusable' | 'attachment-busy' | 'attachment-exists';
  readonly message: string;
};

export type AddressDemand = {
  readonly owner: ReservationOwner;
  /** `namespace/name`, where known. */
  readonly pod: string | undefined;
  /** Of the pod, where the runtime asks for it. */
  readonly mac: string | undefined;
  /** One address is taken of each set. */
  readonly rangeSets: readonly (readonly AddressRange[])[];
  /** Addresses that the runtime asks for by name. */
  readonly requested: readonly IpAddress[];
  readonly listAttached: ListAttached;
};

export type GivenAddress = ReservedAddress & {
  /** Nobody remembers it with another MAC than the one that is made from it. */
  readonly hadOwnMac: boolean;
};

/** Looks at the node's links. @returns which attachments have their host veth */
export type ListAttached = () => (owner: ReservationOwner) => boolean;

/** Takes all addresses or none; of no set none, and the attachment is written down all the same. @throws LockTimeout */
export function reserveAddresses(
  store: ReservationStore,
  demand: AddressDemand,
): Result<readonly GivenAddress[], IpamFailure> {
  const unusable = findUnusableRequest(demand);
  if (unusable !== undefined) return fail(unusable);
  return store.withLock(() => {
    const { owner, pod, mac, listAttached } = demand;
    const { containerId, ifName } = owner;
    const earlier = store.findByOwner(owner);
    if (earlier !== undefined && store.isUnderWay(owner)) {
      const message = `another ADD of ${ifName} in container ${containerId} is under way: wait for it, or end it`;
      return fail({ kind: 'attachment-busy', message });
    }
    if (earlier !== undefined && listAttached()(owner)) {
      const message = `${ifName} of container ${containerId} is attached already: send DEL for it first`;
      return fail({ kind: 'attachment-exists', message });
    }
    // What an ADD left that was killed before it made the link.
    if (earlier !== undefined) store.release([earlier]);
    const chosen = chooseOrReclaim(store, demand);
    if (!chosen.ok) return chosen;
    const { taken, order } = chosen.value;
    const addresses = taken.map(({ address }) => formatIpAddress(address));
    store.reserve({ addresses, containerId, ifName, pod, mac }, order);
    const hadOwnMac = ({ address }: ReservedAddress): boolean =>
      !order.misremembered.includes(formatIpAddress(address));
    return succeed(taken.map((one) => ({ ...one, hadOwnMac: hadOwnMac(one) })));
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

type Choice = { readonly taken: readonly ReservedAddress[]; readonly order: AddressOrder };

function chooseOrReclaim(store: ReservationStore, demand: AddressDemand): Result<Choice, IpamFailure> {
  const chosen = chooseAll(store, demand);
  if (chosen.ok) return chosen;
  const abandoned = listAbandoned(store, demand.listAttached);
  if (abandoned.length === 0) return chosen;
  store.release(abandoned);
  return chooseAll(store, demand);
}

function chooseAll(store: ReservationStore, { rangeSets, requested }: AddressDemand): Result<Choice, IpamFailure> {
  const order = store.readOrder();
  const taken: ReservedAddress[] = [];
  for (const set of rangeSets) {
    const wanted = findRequested(set, requested);
    const holder = wanted === undefined ? undefined : store.read(formatIpAddress(wanted.address));
    if (wanted !== undefined && holder !== undefined) {
      const message = `requested address ${formatIpAddress(wanted.address)} is held by ${holder.containerId}`;
      return fail({ kind: 'address-taken', message });
    }
    const choice = wanted ?? chooseAddress(set, { order, isFree: (name) => store.isFree(name) });
    if (choice === undefined) {
      const message = `no address is left in ${set.map(describeRange).join(', ')}`;
      return fail({ kind: 'pool-exhausted', message });
    }
    taken.push(choice);
  }
  return succeed({ taken, order });
}

function findRequested(set: readonly AddressRange[], requested: readonly IpAddress[]): ReservedAddress | undefined {
  for (const range of set) {
    const address = requested.find((candidate) => isUsable(range, candidate));
    if (address !== undefined) return { address, range };
  }
  return undefined;
}

/**
 * Reservations that no pod can be using (ADR 0011): the ADD that made them has ended, and the host veth is gone. In this order:
 * the other way round, an ADD that makes its veth and ends in between would look abandoned.
 */
function listAbandoned(store: ReservationStore, listAttached: ListAttached): readonly Reservation[] {
  const ended = store
    .listReservations()
    .filter((one) => (one.importedFrom === undefined ? !store.isUnderWay(one) : store.isReleasedByHostLocal(one)));
  if (ended.length === 0) return [];
  const isAttached = listAttached();
  return ended.filter((one) => one.importedFrom !== undefined || !isAttached(one));
}

/** @returns the addresses that were the attachment's. @throws LockTimeout */
export function releaseReservation(store: ReservationStore, owner: ReservationOwner): readonly string[] {
  if (!store.exists()) return [];
  return store.withLock(() => {
    const reservation = store.findByOwner(owner);
    return reservation === undefined ? [] : store.release([reservation]);
  });
}

/** @returns whether an ADD could still get an address of every set; nothing is changed */
export function hasFreeAddresses(
  store: ReservationStore,
  { rangeSets, listAttached }: Pick<AddressDemand, 'rangeSets' | 'listAttached'>,
): boolean {
  const order = store.readOrder();
  const canChoose = (isFree: (name: string) => boolean): boolean =>
    rangeSets.every((set) => chooseAddress(set, { order, isFree }) !== undefined);
  if (canChoose((name) => store.isFree(name))) return true;
  const abandoned = listAbandoned(store, listAttached);
  const reclaimable = new Set(abandoned.flatMap((reservation) => store.listHeldAddresses(reservation)));
  return canChoose((name) => reclaimable.has(name) || store.isFree(name));
}
