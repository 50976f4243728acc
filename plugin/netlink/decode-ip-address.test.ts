import { describe, expect, it } from 'vitest';
import { formatIpAddress } from './decode-ip-address.ts';

const format = (hex: string): string | undefined => formatIpAddress(Uint8Array.fromHex(hex));

describe('IP addresses from the kernel', () => {
  it.each([
    ['0af00202', '10.240.2.2'],
    ['00000000000000000000000000000000', '::'],
    ['00000000000000000000000000000001', '::1'],
    ['fe800000000000000858000afffef001', 'fe80::858:a:fffe:f001'],
    ['20010db8000000000001000000000001', '2001:db8::1:0:0:1'],
    ['20010db8000100000001000100010001', '2001:db8:1:0:1:1:1:1'],
    ['20010db8000000010000000000000000', '2001:db8:0:1::'],
    ['00000000000000000000ffff0af00202', '::ffff:10.240.2.2'],
  ])('%s is written as RFC 5952 says: %s', (hex, text) => {
    expect(format(hex)).toBe(text);
  });

  it('a payload of another length is no address', () => {
    expect(format('0af002')).toBeUndefined();
  });
});
