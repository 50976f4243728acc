import { expect, test } from 'vitest';
import { decodeNetconf } from './decode-netconf.ts';
import { encodeU32, joinBytes } from './netlink-message.ts';

/** struct netconfmsg. include/uapi/linux/netconf.h */
const header = (family: number): Uint8Array => Uint8Array.of(family, 0, 0, 0);

test('a setting of one link is told by the words of its sysctl', () => {
  const body = joinBytes(header(2), encodeU32(1, 4), encodeU32(2, 1), encodeU32(3, 2), encodeU32(5, 1));
  expect(decodeNetconf(body)).toEqual({
    family: 'inet',
    link: 4,
    settings: { forwarding: '1', rp_filter: '2', proxy_arp: '1' },
  });
});

test('IPv6 calls the same proxy_ndp, and has no reverse path filter', () => {
  const body = joinBytes(header(10), encodeU32(1, 4), encodeU32(2, 1), encodeU32(3, 0), encodeU32(5, 1));
  expect(decodeNetconf(body)).toEqual({ family: 'inet6', link: 4, settings: { forwarding: '1', proxy_ndp: '1' } });
});

test.each([
  [0xffffffff, 'all'],
  [0xfffffffe, 'default'],
])('index %i is that of the whole namespace: %s', (index, link) => {
  expect(decodeNetconf(joinBytes(header(2), encodeU32(1, index), encodeU32(2, 1)))?.link).toBe(link);
});

test('a family that is not IP has no settings of ours', () => {
  expect(decodeNetconf(joinBytes(header(28), encodeU32(1, 4)))).toBeUndefined();
});
