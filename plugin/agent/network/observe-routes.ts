import type { NetlinkSocket } from '#plugin/netlink/netlink-socket.ts';
import { RTN } from '#plugin/netlink/netlink-tables.ts';
import { addRoute, describeRoute } from '#plugin/network/interface-routes.ts';
import {
  formatIpAddress,
  formatIpPrefix,
  type IpPrefix,
  isSameAddress,
  networkPrefix,
} from '#plugin/network/ip-address.ts';
import type { LinkFacts } from '#plugin/network/link-message.ts';
import {
  DEFAULT_PRIORITY,
  deleteNodeRoute,
  isOurRoute,
  type NodeRoute,
  replaceRoute,
} from '#plugin/network/node-routes.ts';
import type { LinkLookup } from './link-lookup.ts';
import type { FoundProblem, PlannedRoute } from './node-network-plan.ts';
import { type Observation, observeRight } from './observation.ts';

/** What the node's main table and links are at this moment. */
export type RouteTable = { readonly routes: readonly NodeRoute[]; readonly links: LinkLookup };

/**
 * Compares the routes to other nodes' pods with the main table. Ours are known by their protocol (ADR 0003): those that are not
 * planned go, after the planned ones are there. Routes of others stay whatever they are; one that takes our packets is a finding.
 */
export function observeRoutes(
  socket: NetlinkSocket,
  planned: readonly PlannedRoute[],
  { routes, links }: RouteTable,
): { readonly observations: readonly Observation[]; readonly findings: readonly FoundProblem[] } {
  const own = Map.groupBy(routes.filter(isOurRoute), ({ destination }) => formatIpPrefix(destination));
  const rivalsOf = groupRivals(planned, routes);
  const observations: Observation[] = [];
  const findings: FoundProblem[] = [];
  const surplus = new Set(routes.filter(isOurRoute));
  for (const route of planned) {
    const object = formatIpPrefix(route.destination);
    const rivals = rivalsOf.get(object) ?? [];
    if (rivals.length > 0) findings.push(describeRivals(route, rivals, links));
    const link = links.byName(route.linkName);
    if (link === undefined) continue;
    const present = own.get(object) ?? [];
    const kept = present.find((candidate) => isAsPlanned(candidate, route, link)) ?? present.find(isReplaceable);
    if (kept !== undefined) surplus.delete(kept);
    const isBlocked = rivals.some(({ destination }) => destination.length === route.destination.length);
    // In its place stands a route of somebody else: ours cannot come without taking it away.
    if (isBlocked && (kept === undefined || !isAsPlanned(kept, route, link))) continue;
    observations.push(observeRoute(socket, { route, link, kept }));
  }
  return {
    observations: [...observations, ...[...surplus].map((route) => observeSurplus(socket, route, links))],
    findings,
  };
}

const familyFlag = ({ address }: IpPrefix): string => (address.family === 'inet' ? 'ip' : 'ip -6');

function observeRoute(
  socket: NetlinkSocket,
  {
    route,
    link,
    kept,
  }: { readonly route: PlannedRoute; readonly link: LinkFacts; readonly kept: NodeRoute | undefined },
): Observation {
  const { destination, gateway, isOnLink } = route;
  const about = {
    kind: 'route',
    object: formatIpPrefix(destination),
    wanted: `via ${formatIpAddress(gateway)} dev ${link.name}`,
  } as const;
  if (kept !== undefined && isAsPlanned(kept, route, link)) return observeRight(about);
  const words = `${describeRoute({ destination, gateway })} dev ${link.name} proto 112${isOnLink ? ' onlink' : ''}`;
  return {
    ...about,
    state: kept === undefined ? 'missing' : 'changed',
    command: `${familyFlag(destination)} route replace ${words}`,
    repair: () => (kept === undefined ? addRoute : replaceRoute)(socket, link, route),
  };
}

function observeSurplus(socket: NetlinkSocket, route: NodeRoute, links: LinkLookup): Observation {
  const { destination, gateway, linkIndex, priority } = route;
  const device = linkIndex === undefined ? undefined : links.byIndex(linkIndex)?.name;
  const words = [describeRoute({ destination, gateway, priority }), ...(device === undefined ? [] : ['dev', device])];
  return {
    kind: 'route',
    // Beside a right one of the same destination another may stand.
    object: words.join(' '),
    wanted: '',
    state: 'left-over',
    command: `${familyFlag(destination)} route del ${words.join(' ')} proto 112`,
    repair: () => void deleteNodeRoute(socket, route),
  };
}

function isAsPlanned(present: NodeRoute, planned: PlannedRoute, link: LinkFacts): boolean {
  if (present.gateway === undefined || !isSameAddress(present.gateway, planned.gateway)) return false;
  return isReplaceable(present) && present.linkIndex === link.index && present.isOnLink === planned.isOnLink;
}

/** The kernel replaces a route of the same priority only. */
function isReplaceable({ type, priority, destination }: NodeRoute): boolean {
  return type === RTN.UNICAST && priority === DEFAULT_PRIORITY[destination.address.family];
}

/** Others' routes by the planned destination that they take packets of: all of it and taken first, or a part. */
function groupRivals(planned: readonly PlannedRoute[], routes: readonly NodeRoute[]): ReadonlyMap<string, NodeRoute[]> {
  const destinations = new Set(planned.map(({ destination }) => formatIpPrefix(destination)));
  const lengths = [...new Set(planned.map(({ destination }) => destination.length))];
  const rivals = new Map<string, NodeRoute[]>();
  for (const route of routes.filter((candidate) => !isOurRoute(candidate))) {
    const { destination, priority } = route;
    const { address } = destination;
    for (const length of lengths.filter((candidate) => candidate <= destination.length)) {
      const key = formatIpPrefix(networkPrefix({ address, length }));
      const isTaken = destination.length > length || priority <= DEFAULT_PRIORITY[address.family];
      if (isTaken && destinations.has(key)) rivals.set(key, [...(rivals.get(key) ?? []), route]);
    }
  }
  return rivals;
}

function describeRivals({ destination }: PlannedRoute, rivals: readonly NodeRoute[], links: LinkLookup): FoundProblem {
  const describe = ({ destination: to, gateway, linkIndex, protocol }: NodeRoute): string => {
    const device =
      (linkIndex === undefined ? undefined : links.byIndex(linkIndex)?.name) ?? `link ${linkIndex ?? 'none'}`;
    return `${describeRoute({ destination: to, gateway })} dev ${device} proto ${protocol}`;
  };
  const object = formatIpPrefix(destination);
  return {
    id: `route-in-the-way/${object}`,
    rule: 'route-in-the-way',
    severity: 'error',
    title: `A route that is not Podwire's takes packets for the pods ${object} of another node`,
    evidence: rivals.slice(0, 10).map(describe),
    remedy: rivals.map((rival) => `${familyFlag(destination)} route del ${describe(rival)}`)[0] ?? '',
    object: `route ${object}`,
  };
}
