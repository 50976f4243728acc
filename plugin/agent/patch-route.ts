import type { Route } from '#model/kernel/kernel-snapshot.ts';
import { routeId } from '#model/kernel/record-id.ts';
import { equalJson } from '#model/topology/equal-json.ts';
import { decodeRoute } from '#plugin/netlink/decode-route.ts';
import { NLM_F, RTM_F_CLONED } from '#plugin/netlink/netlink-tables.ts';
import type { RecordTable } from './record-table.ts';

/** struct rtmsg: the flags stand behind eight bytes. include/uapi/linux/rtnetlink.h */
const flagsAt = 8;

/**
 * Puts one RTM_NEWROUTE or RTM_DELROUTE into what is known. The kernel tells a replaced route only by the new one, and
 * several IPv6 routes that become one with several hops only by the last of them: what is not certain makes the table stale.
 */
export function patchRoute(
  routes: RecordTable<Route>,
  { isNew, flags, body }: { readonly isNew: boolean; readonly flags: number; readonly body: Uint8Array },
): void {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  if ((view.getUint32(flagsAt, true) & RTM_F_CLONED) !== 0) return;
  const route = decodeRoute(body);
  if (route === undefined) return;
  if (!isNew) {
    if (!routes.remove(routeId(route))) routes.isStale = true;
  } else if ((flags & NLM_F.REPLACE) !== 0) {
    replaceRoute(routes, route);
  } else {
    addRoute(routes, route);
  }
}

function replaceRoute(routes: RecordTable<Route>, route: Route): void {
  const rivals = [...routes.records()].filter((each) => isRival(each, route));
  const [rival] = rivals;
  if (rivals.length > 1 || (rival !== undefined && !routes.remove(routeId(rival)))) routes.isStale = true;
  else routes.put(route);
}

function addRoute(routes: RecordTable<Route>, route: Route): void {
  const known = routes.find(routeId(route));
  if (known !== undefined) routes.isStale ||= !equalJson(known, route);
  else if (mayMerge(route) && [...routes.records()].some((each) => isRival(each, route) && mayMerge(each)))
    routes.isStale = true;
  else routes.put(route);
}

/** Routes between which the kernel chooses by nothing but their hops. net/ipv4/fib_trie.c, net/ipv6/ip6_fib.c */
const isRival = (one: Route, other: Route): boolean =>
  one.destination === other.destination &&
  one.table === other.table &&
  one.family === other.family &&
  one.metric === other.metric &&
  one.raw.tos === other.raw.tos;

/** IPv6 routes through a router with the same destination and metric are hops of one route. */
const mayMerge = ({ family, gateway, nextHops }: Route): boolean =>
  family === 'inet6' && (gateway !== undefined || nextHops !== undefined);
