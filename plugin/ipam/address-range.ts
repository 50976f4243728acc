import { fail, type Result, succeed } from '#model/result.ts';
import {
  addressBits,
  containsAddress,
  formatIpAddress,
  formatIpPrefix,
  hasHostBits,
  type IpAddress,
  type IpPrefix,
  lastAddress,
  parseIpAddress,
  parseIpPrefix,
} from '#plugin/network/ip-address.ts';

/** Addresses that may be given to pods: `first` to `last`, both included, without the gateway. */
export type AddressRange = {
  readonly subnet: IpPrefix;
  readonly first: IpAddress;
  readonly last: IpAddress;
  readonly gateway: IpAddress;
};

export type AddressRangeText = {
  readonly subnet: string;
  readonly rangeStart?: string | undefined;
  readonly rangeEnd?: string | undefined;
  readonly gateway?: string | undefined;
};

/** A pod needs an address beside the network, the gateway and the broadcast address: /30 is the smallest IPv4 subnet. */
const SMALLEST_HOST_BITS = 2;

const offset = ({ family, value }: IpAddress, by: bigint): IpAddress => ({ family, value: value + by });

/**
 * @returns the range, or one sentence that says what is wrong with it
 * @see cni-conformance: no host bits, nothing smaller than /30, never network, gateway or broadcast
 */
export function parseAddressRange(text: AddressRangeText): Result<AddressRange, string> {
  const subnet = parseIpPrefix(text.subnet);
  if (subnet === undefined) return fail(`subnet ${text.subnet} is not of the form address/length`);
  if (hasHostBits(subnet)) return fail(`subnet ${text.subnet} has host bits set`);
  if (addressBits(subnet.address.family) - subnet.length < SMALLEST_HOST_BITS) {
    return fail(`subnet ${text.subnet} is too small to hold a gateway and a pod`);
  }
  const broadcastCount = subnet.address.family === 'inet' ? 1n : 0n;
  const defaults = { first: offset(subnet.address, 1n), last: offset(lastAddress(subnet), -broadcastCount) };
  const pick = (value: string | undefined, fallback: IpAddress): IpAddress | undefined =>
    value === undefined ? fallback : parseIpAddress(value);
  const first = pick(text.rangeStart, defaults.first);
  const last = pick(text.rangeEnd, defaults.last);
  const gateway = pick(text.gateway, defaults.first);
  for (const [name, address, given] of [
    ['rangeStart', first, text.rangeStart],
    ['rangeEnd', last, text.rangeEnd],
    ['gateway', gateway, text.gateway],
  ] as const) {
    if (address === undefined || !containsAddress(subnet, address))
      return fail(`${name} ${given} is not in ${text.subnet}`);
  }
  if (first === undefined || last === undefined || gateway === undefined)
    return fail(`range of ${text.subnet} is incomplete`);
  if (first.value > last.value) return fail(`rangeStart ${text.rangeStart} is behind rangeEnd ${text.rangeEnd}`);
  return succeed({
    subnet,
    first: first.value < defaults.first.value ? defaults.first : first,
    last: last.value > defaults.last.value ? defaults.last : last,
    gateway,
  });
}

/** `10.240.2.1-10.240.2.254 of 10.240.2.0/24`, for messages. */
export function describeRange({ subnet, first, last }: AddressRange): string {
  return `${formatIpAddress(first)}-${formatIpAddress(last)} of ${formatIpPrefix(subnet)}`;
}

export function isInRange(range: AddressRange, address: IpAddress): boolean {
  return (
    address.family === range.first.family && address.value >= range.first.value && address.value <= range.last.value
  );
}

/**
 * One address is taken of each set.
 * @returns a sentence where ranges overlap or a set mixes families
 */
export function findRangeConflict(sets: readonly (readonly AddressRange[])[]): string | undefined {
  for (const set of sets) {
    if (new Set(set.map(({ subnet }) => subnet.address.family)).size > 1) return 'a range set mixes IPv4 and IPv6';
  }
  const ranges = sets.flat();
  for (const [index, one] of ranges.entries()) {
    for (const other of ranges.slice(index + 1)) {
      if (isInRange(one, other.first) || isInRange(other, one.first)) {
        return `ranges ${describeRange(one)} and ${describeRange(other)} overlap`;
      }
    }
  }
  return undefined;
}
