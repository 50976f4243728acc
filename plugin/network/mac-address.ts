import { formatHex } from './format-hex.ts';
import { hashText } from './hash-text.ts';
import { type IpAddress, ipAddressBytes } from './ip-address.ts';

/**
 * MAC addresses are derived, never random: the same IP always has the same MAC, so a neighbour entry that outlived a pod
 * is right again for the next one; and they are given at creation, so udev has no reason to rewrite them.
 */

/** The prefix of locally administered addresses that Kubernetes networks use for "made from the IP address". */
const FROM_ADDRESS_PREFIX = [0x0a, 0x58] as const;

/** Locally administered, unicast, and apart from the addresses above: the host's end of a veth pair. */
const HOST_VETH_PREFIX = 0x0e;

/** The same for a pod's end whose address is not known, or never will be. */
const POD_VETH_PREFIX = 0x06;

/** And for a bridge that owns no address. */
const BRIDGE_PREFIX = 0x02;

export function formatMacAddress(bytes: Uint8Array): string {
  return formatHex(bytes, ':');
}

/** @returns undefined where the text is no six-byte MAC address in colon or dash form */
export function parseMacAddress(text: string): Uint8Array | undefined {
  if (!/^[0-9a-fA-F]{2}([:-][0-9a-fA-F]{2}){5}$/.test(text)) return undefined;
  return new Uint8Array(text.split(/[:-]/).map((byte) => Number.parseInt(byte, 16)));
}

/** 10.240.2.2 to 0a:58:0a:f0:02:02; of an IPv6 address a hash of it takes the last four bytes. */
export function deriveMacAddress(address: IpAddress): Uint8Array {
  const bytes = ipAddressBytes(address);
  if (bytes.byteLength === 4) return new Uint8Array([...FROM_ADDRESS_PREFIX, ...bytes]);
  return new Uint8Array([...FROM_ADDRESS_PREFIX, ...hashBytes(bytes.join('.'), 4)]);
}

/** The MAC of the host veth says whose it is: DEL deletes a link only if it has it, with no file to lose. */
export function deriveHostVethMac(owner: string): Uint8Array {
  return new Uint8Array([HOST_VETH_PREFIX, ...hashBytes(owner, 5)]);
}

/** Of a pod without address: unlike a namespace's number, a container id is unique among all nodes of a segment. */
export function derivePodVethMac(owner: string): Uint8Array {
  return new Uint8Array([POD_VETH_PREFIX, ...hashBytes(owner, 5)]);
}

/** @param identity of the node and the bridge: two nodes' bridges may be joined by a cable */
export function deriveBridgeMac(identity: string): Uint8Array {
  return new Uint8Array([BRIDGE_PREFIX, ...hashBytes(identity, 5)]);
}

function hashBytes(text: string, count: number): readonly number[] {
  const hash = hashText(text);
  const bytes: number[] = [];
  for (let rest = hash; bytes.length < count; rest >>= 8n) bytes.push(Number(rest & 0xffn));
  return bytes;
}
