import { describe, expect, it } from 'vitest';
import { formatIpAddress } from '#plugin/network/ip-address.ts';
import {
  type AddressRange,
  type AddressRangeText,
  describeRange,
  findRangeConflict,
  parseAddressRange,
} from './address-range.ts';

function range(text: AddressRangeText): AddressRange {
  const parsed = parseAddressRange(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

describe('an address range', () => {
  it.each([
    [{ subnet: '10.240.2.0/24' }, '10.240.2.1-10.240.2.254 of 10.240.2.0/24', '10.240.2.1'],
    [{ subnet: '10.9.0.0/30' }, '10.9.0.1-10.9.0.2 of 10.9.0.0/30', '10.9.0.1'],
    [
      { subnet: '10.9.0.0/24', rangeStart: '10.9.0.0', rangeEnd: '10.9.0.255' },
      '10.9.0.1-10.9.0.254 of 10.9.0.0/24',
      '10.9.0.1',
    ],
    [
      { subnet: '10.9.0.0/24', rangeStart: '10.9.0.9', gateway: '10.9.0.254' },
      '10.9.0.9-10.9.0.254 of 10.9.0.0/24',
      '10.9.0.254',
    ],
    [{ subnet: 'fd00::/126' }, 'fd00::1-fd00::3 of fd00::/126', 'fd00::1'],
  ])('%j never holds the network or the broadcast address', (text, described, gateway) => {
    const parsed = range(text);
    expect(describeRange(parsed)).toBe(described);
    expect(formatIpAddress(parsed.gateway)).toBe(gateway);
  });

  it.each<[AddressRangeText, string]>([
    [{ subnet: '10.9.0.1/24' }, 'host bits'],
    [{ subnet: '10.9.0.0/31' }, 'too small'],
    [{ subnet: '10.9.0.0/32' }, 'too small'],
    [{ subnet: 'nonsense' }, 'address/length'],
    [{ subnet: '10.9.0.0/24', rangeStart: '10.8.0.1' }, 'rangeStart 10.8.0.1 is not in'],
    [{ subnet: '10.9.0.0/24', gateway: 'fd00::1' }, 'gateway fd00::1 is not in'],
    [{ subnet: '10.9.0.0/24', rangeStart: '10.9.0.9', rangeEnd: '10.9.0.8' }, 'behind rangeEnd'],
  ])('%j is refused with the reason', (text, reason) => {
    const parsed = parseAddressRange(text);
    expect(parsed.ok ? '' : parsed.error).toContain(reason);
  });
});

describe('range sets', () => {
  it('that overlap are refused, within one set and across', () => {
    const whole = range({ subnet: '10.9.0.0/24' });
    const part = range({ subnet: '10.9.0.0/24', rangeStart: '10.9.0.200' });
    expect(findRangeConflict([[whole, part]])).toContain('overlap');
    expect(findRangeConflict([[whole], [part]])).toContain('overlap');
  });

  it('of two families are fine side by side, not inside one set', () => {
    const inet = range({ subnet: '10.9.0.0/24' });
    const inet6 = range({ subnet: 'fd00::/64' });
    expect(findRangeConflict([[inet], [inet6]])).toBeUndefined();
    expect(findRangeConflict([[inet, inet6]])).toContain('mixes');
  });
});
