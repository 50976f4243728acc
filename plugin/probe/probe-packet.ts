import { type IpAddress, ipAddressBytes, ipAddressFromBytes } from '#plugin/network/ip-address.ts';

/** include/linux/socket.h */
export const AF = { inet: 2, inet6: 10 } as const;

/** ICMP and ICMPv6: the types of an echo and its answer. RFC 792, RFC 4443 section 4 */
const ECHO = { inet: { request: 8, reply: 0 }, inet6: { request: 128, reply: 129 } } as const;

/** `struct sockaddr_in` or `sockaddr_in6`; fields of the host in its own byte order, which is little-endian here. */
export function encodeSocketAddress(address: IpAddress, port: number): Uint8Array {
  const isInet = address.family === 'inet';
  const bytes = new Uint8Array(isInet ? 16 : 28);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, AF[address.family], true);
  view.setUint16(2, port);
  bytes.set(ipAddressBytes(address), isInet ? 4 : 8);
  return bytes;
}

function decodeSocketAddress(bytes: Uint8Array): IpAddress | undefined {
  if (bytes.byteLength < 8) return undefined;
  const family = new DataView(bytes.buffer, bytes.byteOffset).getUint16(0, true);
  if (family === AF.inet) return ipAddressFromBytes(bytes.subarray(4, 8));
  return family === AF.inet6 && bytes.byteLength >= 24 ? ipAddressFromBytes(bytes.subarray(8, 24)) : undefined;
}

/** The kernel fills in the checksum of ICMPv6. */
export function encodeEcho(family: IpAddress['family'], identifier: number): Uint8Array {
  const packet = new Uint8Array(16);
  const view = new DataView(packet.buffer);
  packet[0] = ECHO[family].request;
  view.setUint16(4, identifier);
  view.setUint16(6, 1);
  packet.set(new TextEncoder().encode('podwire'), 8);
  if (family === 'inet') view.setUint16(2, internetChecksum(view));
  return packet;
}

/** RFC 1071 */
function internetChecksum(packet: DataView): number {
  let sum = 0;
  for (let at = 0; at < packet.byteLength; at += 2) sum += packet.getUint16(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** @param packet as a raw socket gives it: with its IP header for IPv4, without for IPv6. raw(7), ipv6(7) */
export function isEchoReply(packet: Uint8Array, family: IpAddress['family'], identifier: number): boolean {
  const start = family === 'inet' ? ((packet[0] ?? 0) & 0x0f) * 4 : 0;
  if (packet.byteLength < start + 8 || packet[start] !== ECHO[family].reply) return false;
  return new DataView(packet.buffer, packet.byteOffset).getUint16(start + 4) === identifier;
}

/** A question that every DNS server answers: the name servers of the root. RFC 1035 section 4.1 */
const DNS_QUESTION = Uint8Array.of(0x70, 0x77, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1);

export function chooseDatagram(port: number): Uint8Array {
  return port === 53 ? DNS_QUESTION : new TextEncoder().encode('podwire\n');
}

/** Sizes of `struct cmsghdr` and `struct sock_extended_err`. include/linux/socket.h, include/uapi/linux/errqueue.h */
const CONTROL_HEADER_BYTES = 16;
const EXTENDED_ERROR_BYTES = 16;
/** SO_EE_ORIGIN_ICMP and SO_EE_ORIGIN_ICMP6 */
const ICMP_ORIGINS: readonly number[] = [2, 3];

/** @returns who sent the ICMP error that the control data of MSG_ERRQUEUE speaks of; undefined where it was no packet */
export function decodeOffender(control: Uint8Array): IpAddress | undefined {
  const error = control.subarray(CONTROL_HEADER_BYTES);
  if (!ICMP_ORIGINS.includes(error[4] ?? 0)) return undefined;
  return decodeSocketAddress(error.subarray(EXTENDED_ERROR_BYTES));
}
