import type { IncomingMessage } from 'node:http';
import { BlockList } from 'node:net';
import { expect, test } from 'vitest';
import { readClient } from './read-client.ts';

const proxies = new BlockList();
proxies.addSubnet('10.1.0.0', 16);
proxies.addSubnet('fd00::', 8, 'ipv6');

const read = (remoteAddress: string | undefined, headers: IncomingMessage['headers'] = {}) =>
  readClient({ headers, socket: { remoteAddress } } as IncomingMessage, proxies);

test('who connects is who asks; a machine counts as its whole /64', () => {
  expect(read('203.0.113.7')).toEqual({ address: '203.0.113.7', isSecure: false });
  expect(read('::ffff:203.0.113.7').address).toBe('203.0.113.7');
  expect(read('2001:db8:1:2:a:b:c:d').address).toBe(read('2001:db8:1:2::1').address);
  expect(read('2001:db8:1:2::1').address).not.toBe(read('2001:db8:1:3::1').address);
  expect(read('2001:db8::1').address).toBe('2001:db8:0:0::/64');
  expect(read('::1').address).toBe('::1');
  // A connection that was cut already.
  expect(read(undefined).address).toBe('unknown');
});

test('only a proxy of ours is believed, and of what it says only what it has seen itself', () => {
  const headers = { 'x-forwarded-for': '192.0.2.1, 203.0.113.7, 10.1.0.9', 'x-forwarded-proto': 'https' };
  expect(read('198.51.100.1', headers)).toEqual({ address: '198.51.100.1', isSecure: false });
  expect(read('10.1.0.5', headers)).toEqual({ address: '203.0.113.7', isSecure: true });
  expect(read('::ffff:10.1.0.5', headers).address).toBe('203.0.113.7');
  expect(read('fd00::5', headers).address).toBe('203.0.113.7');
  expect(read('10.1.0.5', { 'x-forwarded-for': 'nonsense' }).address).toBe('unknown');
  expect(read('10.1.0.5').address).toBe('10.1.0.5');
});
