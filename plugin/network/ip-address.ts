/** Addresses as numbers, so that ranges, masks and the next address are arithmetic. */

export type AddressFamily = 'inet' | 'inet6';

export type IpAddress = { readonly family: AddressFamily; readonly value: bigint };

export type IpPrefix = { readonly address: IpAddress; readonly length: number };

export function addressBits(family: AddressFamily): number {
  return family === 'inet' ? 32 : 128;
}

/** @returns undefined where the text is no IPv4 or IPv6 address. Leading zeros in IPv4 are refused, as inet_pton does. */
export function parseIpAddress(text: string): IpAddress | undefined {
  return text.includes(':') ? parseInet6(text) : parseInet(text);
}

function parseInet(text: string): IpAddress | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let value = 0n;
  for (const part of parts) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    value = (value << 8n) | BigInt(part);
  }
  return { family: 'inet', value };
}

function parseInet6(text: string): IpAddress | undefined {
  const [head = '', tail, ...rest] = expandEmbeddedInet(text).split('::');
  if (rest.length > 0) return undefined;
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const missing = 8 - left.length - right.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [...left, ...'0'.repeat(missing), ...right];
  if (!groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined;
  return { family: 'inet6', value: groups.reduce((value, group) => (value << 16n) | BigInt(`0x${group}`), 0n) };
}

/** `::ffff:10.0.0.1` to `::ffff:a00:1`. */
function expandEmbeddedInet(text: string): string {
  const at = text.lastIndexOf(':') + 1;
  const embedded = text.slice(at).includes('.') ? parseInet(text.slice(at)) : undefined;
  if (embedded === undefined) return text;
  return `${text.slice(0, at)}${(embedded.value >> 16n).toString(16)}:${(embedded.value & 0xffffn).toString(16)}`;
}

/** Canonical text: dotted decimal, RFC 5952 for IPv6. */
export function formatIpAddress({ family, value }: IpAddress): string {
  if (family === 'inet') return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 0xffn).join('.');
  const groups = [112n, 96n, 80n, 64n, 48n, 32n, 16n, 0n].map((shift) => Number((value >> shift) & 0xffffn));
  const { start, length } = longestZeroRun(groups);
  const hex = groups.map((group) => group.toString(16));
  if (length < 2) return hex.join(':');
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`;
}

function longestZeroRun(groups: readonly number[]): { readonly start: number; readonly length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  groups.forEach((group, index) => {
    if (group !== 0) start = index + 1;
    else if (index - start + 1 > best.length) best = { start, length: index - start + 1 };
  });
  return best;
}

/** @param text `10.240.2.0/24`; host bits may be set, see {@link hasHostBits} */
export function parseIpPrefix(text: string): IpPrefix | undefined {
  const [addressText = '', lengthText = '', ...rest] = text.split('/');
  const address = parseIpAddress(addressText);
  if (address === undefined || rest.length > 0 || !/^\d{1,3}$/.test(lengthText)) return undefined;
  const length = Number(lengthText);
  return length <= addressBits(address.family) ? { address, length } : undefined;
}

export function formatIpPrefix({ address, length }: IpPrefix): string {
  return `${formatIpAddress(address)}/${length}`;
}

function hostMask({ address, length }: IpPrefix): bigint {
  return (1n << BigInt(addressBits(address.family) - length)) - 1n;
}

/** The prefix with every host bit cleared: 10.240.2.7/24 to 10.240.2.0/24. */
export function networkPrefix(prefix: IpPrefix): IpPrefix {
  const { family, value } = prefix.address;
  return { address: { family, value: value - (value & hostMask(prefix)) }, length: prefix.length };
}

export function hasHostBits(prefix: IpPrefix): boolean {
  return (prefix.address.value & hostMask(prefix)) !== 0n;
}

/** The highest address of the prefix; for IPv4 the broadcast address. */
export function lastAddress(prefix: IpPrefix): IpAddress {
  const { family, value } = prefix.address;
  return { family, value: value | hostMask(prefix) };
}

export function containsAddress(prefix: IpPrefix, address: IpAddress): boolean {
  if (prefix.address.family !== address.family) return false;
  const { value: first } = networkPrefix(prefix).address;
  return address.value >= first && address.value <= lastAddress(prefix).value;
}

export function isSameAddress(one: IpAddress, other: IpAddress): boolean {
  return one.family === other.family && one.value === other.value;
}

/** Network byte order: 4 or 16 bytes, as netlink attributes carry it. */
export function ipAddressBytes({ family, value }: IpAddress): Uint8Array {
  const bytes = new Uint8Array(addressBits(family) / 8);
  let rest = value;
  for (let at = bytes.byteLength - 1; at >= 0; at -= 1, rest >>= 8n) bytes[at] = Number(rest & 0xffn);
  return bytes;
}

/** @returns undefined for any other length than 4 or 16 bytes */
export function ipAddressFromBytes(bytes: Uint8Array): IpAddress | undefined {
  if (bytes.byteLength !== 4 && bytes.byteLength !== 16) return undefined;
  const value = bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  return { family: bytes.byteLength === 4 ? 'inet' : 'inet6', value };
}
