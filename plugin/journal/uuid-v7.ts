import { formatHex } from '#plugin/network/format-hex.ts';

/**
 * A UUID whose order is the order of time. RFC 9562, section 5.7.
 * @param unixMs milliseconds since 1970
 * @param random 10 random bytes
 */
export function formatUuidV7(unixMs: number, random: Uint8Array): string {
  const bytes = new Uint8Array(16);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(unixMs) << 16n, false);
  bytes.set(random.subarray(0, 10), 6);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = formatHex(bytes, '');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
