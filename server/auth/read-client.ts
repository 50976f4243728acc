import type { IncomingMessage } from 'node:http';
import { type BlockList, isIPv4, isIPv6 } from 'node:net';

/** Where a request comes from. */
export type Client = {
  /** As a limit counts it: an IPv4 address, or the /64 of an IPv6 one, which a single machine owns whole. */
  readonly address: string;
  /** Whether the browser spoke https, as far as is known. */
  readonly isSecure: boolean;
};

/**
 * Who connects, by the connection; where that is a proxy of ours, by what the proxy says (X-Forwarded-For, the nearest address that
 * is no proxy of ours, and X-Forwarded-Proto). From anyone else these headers are words.
 */
export function readClient({ headers, socket }: IncomingMessage, proxies: BlockList): Client {
  const peer = plainAddress(socket.remoteAddress ?? '');
  if (!isListed(peer, proxies)) return { address: groupAddress(peer), isSecure: 'encrypted' in socket };
  const forwarded = readList(headers['x-forwarded-for']);
  const nearest = forwarded.findLast((address) => !isListed(plainAddress(address), proxies)) ?? peer;
  const isSecure = readList(headers['x-forwarded-proto']).at(-1)?.toLowerCase() === 'https';
  return { address: groupAddress(plainAddress(nearest)), isSecure };
}

const readList = (header: string | readonly string[] | undefined): readonly string[] =>
  [header ?? []].flat().flatMap((text) => text.split(',').map((part) => part.trim()));

const plainAddress = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/i, '');

const isListed = (address: string, list: BlockList): boolean =>
  isIPv4(address) ? list.check(address) : isIPv6(address) && list.check(address, 'ipv6');

/** Anything that is no address counts as one and the same. */
function groupAddress(address: string): string {
  if (isIPv4(address) || address === '::1') return address;
  if (!isIPv6(address)) return 'unknown';
  const [head = '', tail] = address.split('%')[0]?.split('::') ?? [];
  const front = head === '' ? [] : head.split(':');
  const missing = tail === undefined ? 0 : 8 - front.length - tail.split(':').filter(Boolean).length;
  const groups = [...front, ...Array<string>(Math.max(0, missing)).fill('0'), ...(tail ?? '').split(':')];
  return `${groups.slice(0, 4).join(':')}::/64`;
}
