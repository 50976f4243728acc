import { type IpAddress, ipAddressBytes } from './ip-address.ts';

/** include/uapi/linux/if_ether.h */
const ETH_P = { ARP: 0x0806, IPV6: 0x86dd } as const;
const BROADCAST = new Uint8Array(6).fill(0xff);
/** ff02::1, all nodes on the link, and the MAC that it maps to. RFC 4291 section 2.7.1, RFC 2464 section 7 */
export const ALL_NODES = new Uint8Array([0xff, 2, ...new Array<number>(13).fill(0), 1]);
const ALL_NODES_MAC = new Uint8Array([0x33, 0x33, 0, 0, 0, 1]);
/** IPPROTO_ICMPV6, include/uapi/linux/in6.h */
export const ICMPV6 = 58;

/** Which MAC an address has now. */
export type Announcement = { readonly address: IpAddress; readonly mac: Uint8Array };

/** A whole Ethernet frame: a gratuitous ARP request, or an unsolicited neighbour advertisement. */
export function encodeAnnouncement({ address, mac }: Announcement): Uint8Array {
  const isInet = address.family === 'inet';
  const body = isInet
    ? encodeArp(ipAddressBytes(address), mac)
    : encodeAdvertisementPacket(ipAddressBytes(address), mac);
  const frame = new Uint8Array(14 + body.byteLength);
  frame.set(isInet ? BROADCAST : ALL_NODES_MAC, 0);
  frame.set(mac, 6);
  new DataView(frame.buffer).setUint16(12, isInet ? ETH_P.ARP : ETH_P.IPV6);
  frame.set(body, 14);
  return frame;
}

/** `struct arphdr`: Ethernet, IPv4, a request in which sender and target are the same. RFC 826 */
function encodeArp(address: Uint8Array, mac: Uint8Array): Uint8Array {
  const body = new Uint8Array(28);
  body.set([0, 1, 0x08, 0, 6, 4, 0, 1], 0);
  body.set(mac, 8);
  body.set(address, 14);
  body.set(address, 24);
  return body;
}

/** The ICMPv6 message alone, for a socket that puts header and checksum to it. RFC 4861 section 4.4 */
export function encodeAdvertisement({ address, mac }: Announcement): Uint8Array {
  return encodeAdvertisementPacket(ipAddressBytes(address), mac).subarray(40);
}

/** An IPv6 header and a neighbour advertisement with the override flag and the target's MAC. */
function encodeAdvertisementPacket(address: Uint8Array, mac: Uint8Array): Uint8Array {
  const body = new Uint8Array(72);
  const view = new DataView(body.buffer);
  body.set([0x60, 0, 0, 0, 0, 32, ICMPV6, 255], 0);
  body.set(address, 8);
  body.set(ALL_NODES, 24);
  body.set([136, 0, 0, 0, 0x20, 0, 0, 0], 40);
  body.set(address, 48);
  body.set([2, 1], 64);
  body.set(mac, 66);
  view.setUint16(42, checksum(view));
  return body;
}

/** RFC 4443 section 2.3: over both addresses, length and next header, and the message. */
function checksum(packet: DataView): number {
  let sum = 32 + ICMPV6;
  for (let at = 8; at < packet.byteLength; at += 2) sum += packet.getUint16(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
