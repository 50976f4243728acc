import { isIPv6 } from 'node:net';
import { describe, expect, it } from 'vitest';
import {
  containsAddress,
  formatIpAddress,
  formatIpPrefix,
  hasHostBits,
  type IpAddress,
  type IpPrefix,
  ipAddressBytes,
  ipAddressFromBytes,
  lastAddress,
  networkPrefix,
  parseIpAddress,
  parseIpPrefix,
} from './ip-address.ts';

const address = (text: string): IpAddress => {
  const parsed = parseIpAddress(text);
  if (parsed === undefined) throw new Error(text);
  return parsed;
};
const prefix = (text: string): IpPrefix => {
  const parsed = parseIpPrefix(text);
  if (parsed === undefined) throw new Error(text);
  return parsed;
};

describe('IP addresses', () => {
  it.each([
    ['10.240.2.2', '10.240.2.2'],
    ['::', '::'],
    ['::1', '::1'],
    ['FE80:0:0:0:0:0:0:1', 'fe80::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['1::', '1::'],
    ['::ffff:10.0.0.1', '::ffff:a00:1'],
  ])('%s is written as RFC 5952 says: %s', (text, canonical) => {
    expect(formatIpAddress(address(text))).toBe(canonical);
  });

  it.each([
    '',
    '10.240.2',
    '10.240.2.256',
    '010.0.0.1',
    '1.2.3.4.5',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    'g::',
    '1:2:3:4:5:6:7:8::',
  ])('%s is no address', (text) => {
    expect(parseIpAddress(text)).toBeUndefined();
  });

  it('keep their value through bytes and text, and the text is one that other readers take', () => {
    for (let round = 0n; round < 500n; round += 1n) {
      const value =
        (round * 0x9e3779b97f4a7c15f39cc0605cedc834n) & ((1n << 128n) - 1n) & ~(0xffffn << ((round % 8n) * 16n));
      const original: IpAddress = { family: 'inet6', value };
      expect(isIPv6(formatIpAddress(original))).toBe(true);
      expect(parseIpAddress(formatIpAddress(original))).toEqual(original);
      expect(ipAddressFromBytes(ipAddressBytes(original))).toEqual(original);
    }
  });
});

describe('prefixes', () => {
  it('know their network, their broadcast address and what lies inside', () => {
    const subnet = prefix('10.240.2.7/24');
    expect(hasHostBits(subnet)).toBe(true);
    expect(formatIpPrefix(networkPrefix(subnet))).toBe('10.240.2.0/24');
    expect(formatIpAddress(lastAddress(subnet))).toBe('10.240.2.255');
    expect(containsAddress(subnet, address('10.240.2.255'))).toBe(true);
    expect(containsAddress(subnet, address('10.240.3.0'))).toBe(false);
    expect(containsAddress(subnet, address('::'))).toBe(false);
  });

  it.each(['10.0.0.0', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', '::/129', 'x/8'])('%s is no prefix', (text) => {
    expect(parseIpPrefix(text)).toBeUndefined();
  });
});
