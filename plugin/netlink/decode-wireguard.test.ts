import { expect, test } from 'vitest';
import { WireguardDevice } from '#model/kernel/wireguard-device.ts';
import { blankSecrets, joinWireguardPart } from './decode-wireguard.ts';
import {
  encodeAttribute,
  encodeNested,
  encodeString,
  encodeU8,
  encodeU16,
  encodeU32,
  joinBytes,
} from './netlink-message.ts';

/*
 * Bytes put together from include/uapi/linux/wireguard.h, as drivers/net/wireguard/netlink.c fills them (wg_get_device_dump): the
 * kernel under test may lack WireGuard.
 */

const key = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const base64 = (byte: number): string => Buffer.from(key(byte)).toString('base64');
const [privateKey, presharedKey] = [key(0xaa), key(0xbb)];

const answer = (...attributes: readonly Uint8Array[]): Uint8Array =>
  joinBytes(Uint8Array.of(0, 1, 0, 0), ...attributes);

function allowed(...prefixes: readonly (readonly [readonly number[], number])[]): Uint8Array {
  const each = prefixes.map(([address, length]) =>
    encodeNested(
      0,
      encodeU16(1, address.length === 4 ? 2 : 10),
      encodeAttribute(2, Uint8Array.from(address)),
      encodeU8(3, length),
    ),
  );
  return encodeNested(9, ...each);
}

const peer = (publicKey: number, ...attributes: readonly Uint8Array[]): Uint8Array =>
  encodeNested(0, encodeAttribute(1, key(publicKey)), ...attributes);

function endpoint(port: number, address: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(address.length === 4 ? 16 : 28);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, address.length === 4 ? 2 : 10, true);
  view.setUint16(2, port, false);
  bytes.set(address, address.length === 4 ? 4 : 8);
  return encodeAttribute(4, bytes);
}

function handshake(seconds: number): Uint8Array {
  return encodeAttribute(6, new Uint8Array(BigInt64Array.of(BigInt(seconds), 500_000_000n).buffer));
}

const device = [
  encodeU32(1, 7),
  encodeString(2, 'wg0'),
  encodeAttribute(3, privateKey),
  encodeAttribute(4, key(1)),
  encodeU16(6, 51820),
  encodeU32(7, 0xca6c),
];

/** As the reader does it: what is kept has been blanked. */
function join(...parts: readonly Uint8Array[]): WireguardDevice {
  for (const part of parts) blankSecrets(part);
  const none: WireguardDevice = WireguardDevice.parse({ linkIndex: 7, peers: [] });
  return WireguardDevice.parse(parts.reduce(joinWireguardPart, none));
}

const fd01 = [0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];

test('a link says its key, port, mark and peers', () => {
  const peers = encodeNested(
    8,
    peer(
      2,
      encodeAttribute(2, presharedKey),
      endpoint(51821, [192, 168, 31, 162]),
      encodeU16(5, 25),
      handshake(1_700_000_000),
      allowed([[10, 240, 1, 0], 24], [fd01, 128]),
    ),
    peer(3, endpoint(51822, fd01), encodeU16(5, 0), allowed()),
  );
  expect(join(answer(...device, peers))).toEqual({
    linkIndex: 7,
    publicKey: base64(1),
    listenPort: 51820,
    mark: '0xca6c',
    peers: [
      {
        publicKey: base64(2),
        endpoint: '192.168.31.162:51821',
        keepaliveSeconds: 25,
        lastHandshakeAt: '2023-11-14T22:13:20.500Z',
        allowedIps: ['10.240.1.0/24', 'fd00::1/128'],
      },
      { publicKey: base64(3), endpoint: '[fd00::1]:51822', allowedIps: [] },
    ],
  });
});

test('a peer that goes on in the next message keeps its settings and has all its addresses', () => {
  const first = encodeNested(8, peer(2, endpoint(51821, [192, 168, 31, 162]), allowed([[10, 240, 1, 0], 24])));
  const second = encodeNested(8, peer(2, allowed([[10, 240, 2, 0], 24])), peer(3, allowed([[10, 240, 3, 0], 24])));
  const third = encodeNested(8, peer(3, allowed([[10, 240, 4, 0], 24])));
  const joined = join(answer(...device, first), answer(encodeU32(1, 7), second), answer(third));
  expect(joined).toMatchObject({ publicKey: base64(1), listenPort: 51820 });
  expect(joined.peers).toEqual([
    {
      publicKey: base64(2),
      endpoint: '192.168.31.162:51821',
      allowedIps: ['10.240.1.0/24', '10.240.2.0/24'],
    },
    { publicKey: base64(3), allowedIps: ['10.240.3.0/24', '10.240.4.0/24'] },
  ]);
});

test('a link without a key or peers says neither', () => {
  const empty = answer(encodeU32(1, 7), encodeAttribute(4, key(0)), encodeU16(6, 0), encodeU32(7, 0));
  expect(join(empty)).toEqual({ linkIndex: 7, peers: [] });
});

test('neither the private key nor a preshared one is in the record, nor left in the bytes of the kernel', () => {
  const bytes = answer(...device, encodeNested(8, peer(2, encodeAttribute(2, presharedKey), allowed())));
  const holds = (secret: Uint8Array): boolean => Buffer.from(bytes).includes(secret);
  expect([holds(privateKey), holds(presharedKey)]).toEqual([true, true]);
  const text = JSON.stringify(join(bytes));
  for (const secret of [privateKey, presharedKey]) {
    expect(holds(secret)).toBe(false);
    for (const form of ['base64', 'hex'] as const) expect(text).not.toContain(Buffer.from(secret).toString(form));
  }
  expect(text).toContain(base64(2));
});
