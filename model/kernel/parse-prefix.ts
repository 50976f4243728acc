/** An IP address with a length: `10.240.2.0/24`. `bits` holds the whole address, host part included. */
export type Prefix = { readonly family: 'inet' | 'inet6'; readonly bits: bigint; readonly length: number };

const WIDTH = { inet: 32, inet6: 128 } as const;

/** Reads `10.240.2.1`, `10.240.2.0/24`, `fd00::1/64`; a bare address has the full length. `undefined`: not an address. */
export function parsePrefix(text: string): Prefix | undefined {
  const [address = '', lengthText, ...rest] = text.split('/');
  if (rest.length > 0) return undefined;
  const family = address.includes(':') ? 'inet6' : 'inet';
  const bits = family === 'inet' ? parseInet(address) : parseInet6(address);
  const length = lengthText === undefined ? WIDTH[family] : parseLength(lengthText);
  if (bits === undefined || length === undefined || length > WIDTH[family]) return undefined;
  return { family, bits, length };
}

/** True where every address of `inner` lies in `outer`. */
export function containsPrefix(outer: Prefix, inner: Prefix): boolean {
  if (outer.family !== inner.family || inner.length < outer.length) return false;
  const shift = BigInt(WIDTH[outer.family] - outer.length);
  return outer.bits >> shift === inner.bits >> shift;
}

/** Addresses that a prefix holds, hosts and the rest. A float: exact up to 2^53, which no pool comes near. */
export const countAddresses = (prefix: Prefix): number => 2 ** (WIDTH[prefix.family] - prefix.length);

function parseLength(text: string): number | undefined {
  return /^\d{1,3}$/.test(text) ? Number(text) : undefined;
}

function parseInet(text: string): bigint | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let bits = 0n;
  for (const part of parts) {
    if (!/^\d{1,3}$/.test(part) || Number(part) > 255) return undefined;
    bits = (bits << 8n) | BigInt(part);
  }
  return bits;
}

function parseInet6(text: string): bigint | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0] ?? '');
  const tail = parseGroups(halves[1] ?? '');
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const groups = [...head, ...Array.from({ length: missing }, () => 0n), ...tail];
  return groups.reduce((bits, group) => (bits << 16n) | group, 0n);
}

/** 16-bit groups; a trailing `1.2.3.4` counts as two (RFC 4291, 2.2). */
function parseGroups(text: string): readonly bigint[] | undefined {
  if (text === '') return [];
  const groups: bigint[] = [];
  for (const part of text.split(':')) {
    const embedded = part.includes('.') ? parseInet(part) : undefined;
    if (embedded !== undefined) groups.push(embedded >> 16n, embedded & 0xffffn);
    else if (/^[0-9a-fA-F]{1,4}$/.test(part)) groups.push(BigInt(`0x${part}`));
    else return undefined;
  }
  return groups;
}
