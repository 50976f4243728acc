import type { Problem } from '#model/protocol/problem.ts';
import { buildProblem } from './problem-response.ts';

export type GuardedRequest = {
  readonly method: string;
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly isUpgrade: boolean;
};

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Keeps other web sites out of a server that has no login: a page whose name was rebound to 127.0.0.1 still sends its own
 * name as Host, and a page of another origin says so on every write and on every WebSocket. `undefined`: may pass.
 */
export function guardRequest(request: GuardedRequest): Problem | undefined {
  const { method, host, origin, isUpgrade } = request;
  if (host === undefined || !isLoopbackName(stripPort(host))) {
    return buildProblem(
      'foreign-host',
      `Podwire answers to localhost, 127.0.0.1 and [::1], not to ${host ?? 'no name'}.`,
    );
  }
  if (origin === undefined || (SAFE_METHODS.has(method) && !isUpgrade)) return undefined;
  if (readOriginHost(origin) === host.toLowerCase()) return undefined;
  return buildProblem('foreign-origin', `A page of ${origin} may not write to ${host}.`);
}

/** Host and port of an origin; `undefined` for the opaque `null`. */
function readOriginHost(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}

const stripPort = (host: string): string => host.toLowerCase().replace(/:\d+$/, '');

const isLoopbackName = (name: string): boolean =>
  name === 'localhost' || name === '[::1]' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(name);
