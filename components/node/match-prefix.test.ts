import { describe, expect, it } from 'vitest';
import { isInPrefix, readPrefixLength } from './match-prefix.ts';

describe('isInPrefix', () => {
  it('keeps the pods of one node apart from those of the next', () => {
    expect(isInPrefix('10.240.2.3', '10.240.2.0/24')).toBe(true);
    expect(isInPrefix('10.240.1.255', '10.240.2.0/24')).toBe(false);
    expect(isInPrefix('10.240.2.3', '10.240.2.3')).toBe(true);
    expect(isInPrefix('200.0.0.1', '128.0.0.0/1')).toBe(true);
  });

  it('reads IPv6 with and without the double colon', () => {
    expect(isInPrefix('fd00::2:3', 'fd00::/64')).toBe(true);
    expect(isInPrefix('fd00:0:0:1::3', 'fd00::/64')).toBe(false);
    expect(isInPrefix('fd00::3', '10.0.0.0/8')).toBe(false);
  });

  it('takes the default route for everything, and nonsense for nothing', () => {
    expect(isInPrefix('8.8.8.8', 'default')).toBe(true);
    expect(isInPrefix('none', 'default')).toBe(false);
    expect(isInPrefix('10.0.0.256', '10.0.0.0/8')).toBe(false);
    expect(readPrefixLength('default')).toBe(0);
    expect(readPrefixLength('10.240.2.0/24')).toBe(24);
  });
});
