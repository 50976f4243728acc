import type { WireguardDevice, WireguardPeer } from '#model/kernel/wireguard-device.ts';
import { optional, viewOf } from './decode-attributes.ts';
import { formatIpAddress } from './decode-ip-address.ts';
import { decodeAttributes, indexAttributes, readU16, readU32 } from './netlink-message.ts';
import { AF } from './netlink-tables.ts';

/** struct genlmsghdr: command u8, version u8, reserved u16. include/uapi/linux/genetlink.h */
const genlmsghdrBytes = 4;

/** enum wgdevice_attribute. include/uapi/linux/wireguard.h */
const DEVICE = { PRIVATE_KEY: 3, PUBLIC_KEY: 4, LISTEN_PORT: 6, MARK: 7, PEERS: 8 } as const;
/** enum wgpeer_attribute */
const PEER = { PUBLIC_KEY: 1, PRESHARED_KEY: 2, ENDPOINT: 4, KEEPALIVE: 5, LAST_HANDSHAKE: 6, ALLOWED_IPS: 9 } as const;
/** enum wgallowedip_attribute */
const ALLOWED_IP = { ADDRESS: 2, PREFIX_LENGTH: 3 } as const;

/**
 * Overwrites the private key and the preshared ones in the body of one answer to WG_CMD_GET_DEVICE, as the kernel offers no
 * way not to be told them: nothing after this can give them away.
 */
export function blankSecrets(body: Uint8Array): void {
  for (const { type, value } of decodeAttributes(body, genlmsghdrBytes)) {
    if (type === DEVICE.PRIVATE_KEY) value.fill(0);
    if (type !== DEVICE.PEERS) continue;
    for (const peer of decodeAttributes(value)) {
      for (const attribute of decodeAttributes(peer.value)) {
        if (attribute.type === PEER.PRESHARED_KEY) attribute.value.fill(0);
      }
    }
  }
}

/**
 * Puts one answer to WG_CMD_GET_DEVICE to those before it. A device with many peers comes in several: the first one has the
 * device's settings, and a peer with many addresses goes on in the next under the same key. include/uapi/linux/wireguard.h
 * @param body what `blankSecrets` has been through
 */
export function joinWireguardPart(known: WireguardDevice, body: Uint8Array): WireguardDevice {
  const attributes = indexAttributes(body, genlmsghdrBytes);
  const [port, mark] = [attributes.get(DEVICE.LISTEN_PORT), attributes.get(DEVICE.MARK)];
  const peers = new Map(known.peers.map((peer) => [peer.publicKey, peer]));
  for (const { value } of decodeAttributes(attributes.get(DEVICE.PEERS) ?? new Uint8Array())) {
    const peer = decodePeer(value);
    if (peer === undefined) continue;
    const before = peers.get(peer.publicKey);
    const allowedIps = [...(before?.allowedIps ?? []), ...peer.allowedIps];
    peers.set(peer.publicKey, { ...before, ...peer, allowedIps });
  }
  return {
    ...known,
    ...optional('publicKey', formatKey(attributes.get(DEVICE.PUBLIC_KEY))),
    ...optional('listenPort', (port && readU16(port)) || undefined),
    ...optional('mark', mark && readU32(mark) > 0 ? `0x${readU32(mark).toString(16)}` : undefined),
    peers: [...peers.values()],
  };
}

function decodePeer(bytes: Uint8Array): WireguardPeer | undefined {
  const attributes = indexAttributes(bytes);
  const publicKey = formatKey(attributes.get(PEER.PUBLIC_KEY));
  if (publicKey === undefined) return undefined;
  const keepalive = attributes.get(PEER.KEEPALIVE);
  const allowedIps = decodeAttributes(attributes.get(PEER.ALLOWED_IPS) ?? new Uint8Array());
  return {
    publicKey,
    ...optional('endpoint', formatEndpoint(attributes.get(PEER.ENDPOINT))),
    allowedIps: allowedIps.flatMap(({ value }) => formatAllowedIp(value) ?? []),
    ...optional('keepaliveSeconds', (keepalive && readU16(keepalive)) || undefined),
    ...optional('lastHandshakeAt', formatTime(attributes.get(PEER.LAST_HANDSHAKE))),
  };
}

/** A key of zeros is none. */
function formatKey(key: Uint8Array | undefined): string | undefined {
  return key?.some((byte) => byte !== 0) ? Buffer.from(key).toString('base64') : undefined;
}

/** struct sockaddr_in or sockaddr_in6: family u16, port be16, then the address; of IPv6 behind its flow. include/uapi/linux/in6.h */
function formatEndpoint(endpoint: Uint8Array | undefined): string | undefined {
  if (endpoint === undefined || endpoint.byteLength < 16) return undefined;
  const isInet6 = readU16(endpoint) === AF.INET6;
  const ip = formatIpAddress(isInet6 ? endpoint.subarray(8, 24) : endpoint.subarray(4, 8));
  const port = viewOf(endpoint).getUint16(2, false);
  return ip === undefined ? undefined : `${isInet6 ? `[${ip}]` : ip}:${port}`;
}

function formatAllowedIp(bytes: Uint8Array): string | undefined {
  const attributes = indexAttributes(bytes);
  const ip = formatIpAddress(attributes.get(ALLOWED_IP.ADDRESS) ?? new Uint8Array());
  const [length] = attributes.get(ALLOWED_IP.PREFIX_LENGTH) ?? [];
  return ip === undefined || length === undefined ? undefined : `${ip}/${length}`;
}

/** struct __kernel_timespec: seconds s64, nanoseconds s64; zero where there was no handshake yet. */
function formatTime(time: Uint8Array | undefined): string | undefined {
  if (time === undefined || time.byteLength < 16) return undefined;
  const view = viewOf(time);
  const ms = Number(view.getBigInt64(0, true)) * 1000 + Math.floor(Number(view.getBigInt64(8, true)) / 1e6);
  return ms === 0 ? undefined : new Date(ms).toISOString();
}
