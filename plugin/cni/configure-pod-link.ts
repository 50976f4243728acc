import { setLinkUp } from '#plugin/network/change-link.ts';
import { addAddress } from '#plugin/network/interface-addresses.ts';
import {
  addRoute,
  defaultDestination,
  formatDestination,
  type InterfaceRoute,
} from '#plugin/network/interface-routes.ts';
import { formatIpAddress, formatIpPrefix } from '#plugin/network/ip-address.ts';
import type { LinkFacts } from '#plugin/network/link-message.ts';
import type { AddressAssignment, AssignedAddress } from './address-assignment.ts';
import type { Attachment } from './attachment.ts';
import { describeIpCommand } from './describe-ip-command.ts';

/**
 * Gives the pod's end its addresses, sets it up and adds its routes. Deleting the pair takes all of that along, so these
 * steps need no undo of their own.
 * @returns the routes, defaults and gateways filled in
 */
export function configurePodLink(
  attachment: Attachment,
  podVeth: LinkFacts,
  assignment: AddressAssignment,
): readonly InterfaceRoute[] {
  addAddresses(attachment, podVeth, assignment.addresses);
  return addRoutes(attachment, podVeth, assignment);
}

function addAddresses({ context, pod }: Attachment, podVeth: LinkFacts, addresses: readonly AssignedAddress[]): void {
  context.steps.run('address.add', (notes) => {
    const inPod = describeIpCommand(pod.handle.path);
    const commands = addresses.map(({ prefix }) => {
      const flags = prefix.address.family === 'inet' ? 'brd +' : 'nodad';
      return `${inPod} address add ${formatIpPrefix(prefix)} ${flags} dev ${podVeth.name}`;
    });
    const names = addresses.map(({ prefix }) => formatIpPrefix(prefix));
    notes.object = names.length === 0 ? podVeth.name : names.join(', ');
    notes.command = [...commands, `${inPod} link set dev ${podVeth.name} up`].join(' && ');
    for (const { prefix } of addresses) addAddress(pod.socket, podVeth, prefix);
    setLinkUp(pod.socket, podVeth);
  });
}

function addRoutes(
  { context, configuration, pod }: Attachment,
  podVeth: LinkFacts,
  assignment: AddressAssignment,
): readonly InterfaceRoute[] {
  const routes = completeRoutes(assignment, configuration.isDefaultGateway);
  if (routes.length === 0) return routes;
  return context.steps.run('route.add', (notes) => {
    notes.object = routes.map(({ destination }) => formatDestination(destination)).join(', ');
    notes.command = routes.map((route) => describeRouteCommand(pod.handle.path, podVeth.name, route)).join(' && ');
    for (const route of routes) addRoute(pod.socket, podVeth, route);
    return routes;
  });
}

/** A route without gateway goes through the one of its family; a family without default route gets one if asked for. */
function completeRoutes(
  { addresses, routes }: AddressAssignment,
  isDefaultGateway: boolean,
): readonly InterfaceRoute[] {
  const gatewayOf = ({ destination }: InterfaceRoute) =>
    addresses.find(({ prefix }) => prefix.address.family === destination.address.family)?.gateway;
  const families = new Set(addresses.map(({ prefix }) => prefix.address.family));
  for (const { destination } of routes) if (destination.length === 0) families.delete(destination.address.family);
  const defaults = isDefaultGateway
    ? [...families].map((family): InterfaceRoute => ({ destination: defaultDestination(family), gateway: undefined }))
    : [];
  return [...routes, ...defaults].map((route) => ({ ...route, gateway: route.gateway ?? gatewayOf(route) }));
}

function describeRouteCommand(netns: string, linkName: string, { destination, gateway }: InterfaceRoute): string {
  const family = destination.address.family === 'inet' ? '' : '-6 ';
  const via = gateway === undefined ? '' : ` via ${formatIpAddress(gateway)}`;
  return `${describeIpCommand(netns)} ${family}route add ${formatDestination(destination)}${via} dev ${linkName} proto 112`;
}
