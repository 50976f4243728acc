import { expect, it } from 'vitest';
import { hashText } from './hash-text.ts';

/** The definition itself, in one arithmetic of 64 bits. RFC 9923, MurmurHash3 fmix64 */
function hashByDefinition(text: string): bigint {
  const mask = (1n << 64n) - 1n;
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text)) hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & mask;
  for (const factor of [0xff51afd7ed558ccdn, 0xc4ceb9fe1a85ec53n]) hash = ((hash ^ (hash >> 33n)) * factor) & mask;
  return hash ^ (hash >> 33n);
}

it.each(['', 'a', `${'c0ffee'.repeat(11)}/eth0`, 'Grüße/eth0', '\u0000\u00ff'])(
  'the hash of %j is FNV-1a with the final mix',
  (text) => {
    expect(hashText(text)).toBe(hashByDefinition(text));
  },
);
