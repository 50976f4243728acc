import { isIP } from 'node:net';
import type { Refusal } from './problem-response.ts';

export type GuardedRequest = {
  readonly method: string;
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly isUpgrade: boolean;
  /** Whether it comes with a session's cookie, which a browser sends by itself. */
  readonly hasCookie: boolean;
};

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Keeps other web sites out. A page whose name was rebound to this server's address still sends its own name as Host: only
 * loopback, `hosts` and addresses pass, for nobody can rebind an address. A page of another origin says so on every write and on every
 * WebSocket; a browser leaves Origin out of neither, so that with a cookie there has to be one. `undefined`: may pass.
 */
export function guardRequest(request: GuardedRequest, hosts: readonly string[]): Refusal | undefined {
  const { method, host, origin, isUpgrade, hasCookie } = request;
  if (host === undefined || !isOwnName(stripPort(host), hosts)) {
    const names = ['localhost', ...hosts].join(', ');
    const detail = `Podwire answers to ${names} and to addresses, not to ${host ?? 'no name'}. PODWIRE_HOSTS adds names.`;
    return { word: 'foreign-host', detail };
  }
  if (SAFE_METHODS.has(method) && !isUpgrade) return undefined;
  if (origin === undefined) {
    return hasCookie ? { word: 'foreign-origin', detail: 'With a cookie, say which page asks: Origin.' } : undefined;
  }
  if (readOriginHost(origin) === host.toLowerCase()) return undefined;
  return { word: 'foreign-origin', detail: `A page of ${origin} may not write to ${host}.` };
}

/** Host and port of an origin; `undefined` for the opaque `null`. */
function readOriginHost(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}

const stripPort = (host: string): string => host.toLowerCase().replace(/:\d+$/, '');

const isOwnName = (name: string, hosts: readonly string[]): boolean =>
  name === 'localhost' || hosts.includes(name) || isIP(name.replace(/^\[(.*)\]$/, '$1')) !== 0;
