import type { Route } from '../kernel/kernel-snapshot.ts';
import { containsPrefix, parsePrefix } from '../kernel/parse-prefix.ts';
import type { NodeTile } from './topology.ts';

type NodeRoute = NodeTile['routes'][number];

/** RT_TABLE_MAIN, include/uapi/linux/rtnetlink.h */
const MAIN_TABLE = 254;
const DROPPING = new Set(['blackhole', 'unreachable', 'prohibit', 'throw']);

/**
 * How a node's main table sends to a whole podCIDR: the longest prefix that holds all of it, then the lowest metric, as the
 * kernel looks up (net/ipv4/fib_trie.c). `undefined` routes: the kernel has not been read, so the answer is unknown.
 * Policy rules, and routes to parts of the podCIDR, are the packet walk's business.
 */
export function findNodeRoute(given: {
  readonly toNode: string;
  readonly podCidr: string;
  readonly routes: readonly Route[] | undefined;
  readonly linkName: (index: number) => string | undefined;
}): NodeRoute {
  const { toNode, podCidr, routes, linkName } = given;
  const target = parsePrefix(podCidr);
  if (routes === undefined || target === undefined) return { toNode, podCidr, state: 'unknown' };
  const matches = routes.flatMap((route) => {
    if (route.table !== MAIN_TABLE || route.family !== target.family) return [];
    const length = matchLength(route, target);
    return length === undefined ? [] : [{ route, length }];
  });
  matches.sort((a, b) => b.length - a.length || (a.route.metric ?? 0) - (b.route.metric ?? 0));
  const best = matches[0]?.route;
  if (best === undefined) return { toNode, podCidr, state: 'missing' };
  return { toNode, podCidr, state: stateOf(best), record: printRoute(best, linkName) };
}

function matchLength(route: Route, target: NonNullable<ReturnType<typeof parsePrefix>>): number | undefined {
  if (route.destination === 'default') return 0;
  const destination = parsePrefix(route.destination);
  return destination !== undefined && containsPrefix(destination, target) ? destination.length : undefined;
}

function stateOf(route: Route): NodeRoute['state'] {
  if (DROPPING.has(route.type)) return 'missing';
  return route.destination === 'default' ? 'default-only' : 'routed';
}

/** As `ip route` prints it, shortened to what decides: `10.240.1.0/24 via 192.168.31.162 dev eth0`. */
function printRoute(route: Route, linkName: (index: number) => string | undefined): string {
  const type = route.type === 'unicast' ? '' : `${route.type} `;
  const hops = route.nextHops === undefined || route.nextHops.length === 0 ? [route] : route.nextHops;
  const texts = hops.map((hop) => {
    const via = hop.gateway === undefined ? '' : ` via ${hop.gateway}`;
    const dev = hop.linkIndex === undefined ? '' : ` dev ${linkName(hop.linkIndex) ?? `if${hop.linkIndex}`}`;
    return `${via}${dev}`;
  });
  const metric = route.metric === undefined || route.metric === 0 ? '' : ` metric ${route.metric}`;
  return `${type}${route.destination}${texts.join(' nexthop')}${metric}`;
}
