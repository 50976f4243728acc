type Prefix = { readonly bits: bigint; readonly widthBits: 32 | 128; readonly lengthBits: number };

/**
 * True where `ip` lies in `prefix` (`10.240.2.0/24`, `default` holds everything of its family). Text that is no address
 * lies nowhere.
 */
export function isInPrefix(ip: string, prefix: string): boolean {
  const address = parsePrefix(ip);
  const range = parsePrefix(prefix);
  if (address === undefined || range === undefined || address.widthBits !== range.widthBits) {
    return prefix === 'default' && address !== undefined;
  }
  const shift = BigInt(range.widthBits - range.lengthBits);
  return address.bits >> shift === range.bits >> shift;
}

/** Length of a prefix in bits, 0 for `default`, -1 where it cannot be told. */
export function readPrefixLength(prefix: string): number {
  return prefix === 'default' ? 0 : (parsePrefix(prefix)?.lengthBits ?? -1);
}

function parsePrefix(text: string): Prefix | undefined {
  const [address = '', length] = text.split('/');
  const isV6 = address.includes(':');
  const bits = isV6 ? parseV6(address) : parseV4(address);
  const widthBits = isV6 ? 128 : 32;
  const lengthBits = length === undefined ? widthBits : Number(length);
  const isValid = bits !== undefined && Number.isInteger(lengthBits) && lengthBits >= 0 && lengthBits <= widthBits;
  return isValid ? { bits, widthBits, lengthBits } : undefined;
}

function parseV4(text: string): bigint | undefined {
  const parts = text.split('.');
  const isValid = parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256);
  return isValid ? parts.reduce((bits, part) => (bits << 8n) | BigInt(part), 0n) : undefined;
}

function parseV6(text: string): bigint | undefined {
  const [head = '', tail] = text.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const gap = tail === undefined ? 0 : 8 - before.length - after.length;
  const groups = [...before, ...Array<string>(Math.max(0, gap)).fill('0'), ...after];
  const isValid = groups.length === 8 && groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group));
  return isValid ? groups.reduce((bits, group) => (bits << 16n) | BigInt(`0x${group}`), 0n) : undefined;
}
