import { formatIpAddress, type IpAddress, isSameAddress, parseIpAddress } from '#plugin/network/ip-address.ts';
import { type AddressRange, describeRange, isInRange } from './address-range.ts';

export type ReservedAddress = { readonly address: IpAddress; readonly range: AddressRange };

/**
 * In which order free addresses are handed out. It only orders: whether an address is free, its file alone says, so an
 * order that is lost or behind costs time and nothing else.
 */
export type AddressOrder = {
  /** By range: the lowest address that was never handed out. */
  readonly next: Record<string, string>;
  /** Given back, the longest free first. */
  freed: readonly string[];
  /** Where a host-local store that was taken over had got to. */
  lastImported: readonly string[];
  /** Had an owner in this boot whose MAC was not made from the address, as others may remember. */
  readonly misremembered: readonly string[];
};

export type FreeAddresses = {
  readonly order: AddressOrder;
  readonly isFree: (name: string) => boolean;
};

/** @returns whether a pod may have it: in the range, and not the gateway */
export function isUsable(range: AddressRange, address: IpAddress): boolean {
  return isInRange(range, address) && !isSameAddress(range.gateway, address);
}

/**
 * Never used ones in ascending order, then those given back, the longest free first, then what neither list knows: freed by
 * hand, or by a process that was killed. `order` is moved on.
 */
export function chooseAddress(set: readonly AddressRange[], free: FreeAddresses): ReservedAddress | undefined {
  return chooseNeverUsed(set, free) ?? chooseLongestFree(set, free) ?? chooseOverlooked(set, free);
}

function chooseNeverUsed(set: readonly AddressRange[], { order, isFree }: FreeAddresses): ReservedAddress | undefined {
  const freed = new Set(order.freed);
  for (const range of set) {
    const isNew = (name: string): boolean => !freed.has(name) && isFree(name);
    const address = findUsable(range, findStart(range, order), isNew);
    const { family, value } = address ?? range.last;
    order.next[describeRange(range)] = formatIpAddress({ family, value: value + 1n });
    if (address !== undefined) return { address, range };
  }
  return undefined;
}

function findStart(range: AddressRange, order: AddressOrder): bigint {
  const next = parseIpAddress(order.next[describeRange(range)] ?? '');
  if (next !== undefined && next.value > range.first.value) return next.value;
  const imported = order.lastImported.map(parseIpAddress).find((one) => one !== undefined && isInRange(range, one));
  return imported === undefined ? range.first.value : imported.value + 1n;
}

function chooseLongestFree(
  set: readonly AddressRange[],
  { order, isFree }: FreeAddresses,
): ReservedAddress | undefined {
  for (const name of order.freed) {
    const address = parseIpAddress(name);
    const range = address === undefined ? undefined : set.find((one) => isUsable(one, address));
    if (address === undefined || range === undefined || !isFree(name)) continue;
    order.freed = order.freed.filter((one) => one !== name);
    return { address, range };
  }
  return undefined;
}

function chooseOverlooked(set: readonly AddressRange[], { isFree }: FreeAddresses): ReservedAddress | undefined {
  for (const range of set) {
    const address = findUsable(range, range.first.value, isFree);
    if (address !== undefined) return { address, range };
  }
  return undefined;
}

/** Not a generator: the engine compiles what drives one from source, 0.1 ms of every ADD. */
function findUsable(range: AddressRange, from: bigint, isWanted: (name: string) => boolean): IpAddress | undefined {
  for (let value = from; value <= range.last.value; value += 1n) {
    const address: IpAddress = { family: range.first.family, value };
    if (isUsable(range, address) && isWanted(formatIpAddress(address))) return address;
  }
  return undefined;
}
