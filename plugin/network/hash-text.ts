const OFFSET_BASIS = [0xcbf29ce4, 0x84222325] as const;
const WORD = 2 ** 32;
const MASK = (1n << 64n) - 1n;

/**
 * FNV-1a, 64 bit, with a final mix so that short inputs differ in every bit: for names and MACs that have to be the same
 * in every run. Not for secrets. Loading node:crypto instead would cost every pod 3 ms.
 * The loop works on two halves: the prime is 2^40 + 0x1b3, and as numbers they are exact and many times faster than a bigint.
 * Source: RFC 9923 (FNV), MurmurHash3 fmix64.
 */
export function hashText(text: string): bigint {
  let [high, low]: readonly [number, number] = OFFSET_BASIS;
  for (const byte of new TextEncoder().encode(text)) {
    const mixed = (low ^ byte) >>> 0;
    const product = mixed * 0x1b3;
    low = product % WORD;
    high = (high * 0x1b3 + Math.floor(product / WORD) + mixed * 0x100) % WORD;
  }
  let hash = (BigInt(high) << 32n) | BigInt(low);
  hash = ((hash ^ (hash >> 33n)) * 0xff51afd7ed558ccdn) & MASK;
  hash = ((hash ^ (hash >> 33n)) * 0xc4ceb9fe1a85ec53n) & MASK;
  return hash ^ (hash >> 33n);
}
