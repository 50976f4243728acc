import { NetlinkError } from '#plugin/netlink/netlink-socket.ts';
import { setLinkUp } from '#plugin/network/change-link.ts';
import { enableInet6 } from '#plugin/network/enable-inet6.ts';
import { type AddedAddress, addAddress, readDuplicateDetection } from '#plugin/network/interface-addresses.ts';
import {
  addRoute,
  defaultDestination,
  describeRoute,
  formatDestination,
  type InterfaceRoute,
  isSameDestination,
  listRoutes,
} from '#plugin/network/interface-routes.ts';
import { formatIpPrefix } from '#plugin/network/ip-address.ts';
import type { LinkFacts } from '#plugin/network/link-message.ts';
import type { AddressAssignment, AssignedAddress } from './address-assignment.ts';
import type { Attachment } from './attachment.ts';
import { CNI_ERROR_CODE, CniFailure } from './cni-failure.ts';
import { describeIpCommand } from './describe-ip-command.ts';
import type { PodNamespace } from './open-pod-namespace.ts';

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

function addAddresses(
  { context, configuration, pod }: Attachment,
  podVeth: LinkFacts,
  addresses: readonly AssignedAddress[],
): void {
  const { hasDuplicateDetection, isPodVethDown } = configuration;
  if (isPodVethDown) return;
  context.steps.run('address.add', (notes) => {
    const inPod = describeIpCommand(pod.handle.path);
    const commands = addresses.map(({ prefix }) => {
      const flags = prefix.address.family === 'inet' ? ' brd +' : hasDuplicateDetection ? '' : ' nodad';
      return `${inPod} address add ${formatIpPrefix(prefix)}${flags} dev ${podVeth.name}`;
    });
    const names = addresses.map(({ prefix }) => formatIpPrefix(prefix));
    notes.object = names.length === 0 ? podVeth.name : names.join(', ');
    notes.command = [...commands, `${inPod} link set dev ${podVeth.name} up`].join(' && ');
    for (const { prefix } of addresses) addPodAddress(pod, podVeth, { prefix, hasDuplicateDetection });
    setLinkUp(pod.socket, podVeth);
  });
  if (hasDuplicateDetection) awaitDuplicateDetection({ context, pod }, podVeth, addresses);
}

/** IPv6 is tried first and switched on only where it is off: nearly nobody has to pay for looking. */
function addPodAddress(pod: PodNamespace, podVeth: LinkFacts, added: AddedAddress): void {
  try {
    addAddress(pod.socket, podVeth, added);
  } catch (error) {
    const isInet6Off = error instanceof NetlinkError && error.code === 'EACCES';
    if (!isInet6Off || added.prefix.address.family === 'inet') throw error;
    enableInet6(pod.handle.fd, podVeth.name);
    addAddress(pod.socket, podVeth, added);
  }
}

const DETECTION_POLL_MS = 20;

/** @throws CniFailure of code 102 where another machine has the address, of code 11 where the deadline is over */
function awaitDuplicateDetection(
  { context, pod }: Pick<Attachment, 'context' | 'pod'>,
  podVeth: LinkFacts,
  addresses: readonly AssignedAddress[],
): void {
  context.steps.run('address.detect', (notes) => {
    const asked = addresses.filter(({ prefix }) => prefix.address.family === 'inet6');
    notes.object = asked.map(({ prefix }) => formatIpPrefix(prefix)).join(', ');
    for (const { prefix } of asked) {
      let detection = readDuplicateDetection(pod.socket, podVeth, prefix.address);
      while (detection === 'pending') {
        context.deadline.requireTimeFor('duplicate address detection');
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, DETECTION_POLL_MS);
        detection = readDuplicateDetection(pod.socket, podVeth, prefix.address);
      }
      if (detection === 'unique') continue;
      throw new CniFailure(`address ${formatIpPrefix(prefix)} is in use by another machine on the network`, {
        code: CNI_ERROR_CODE.addressUnavailable,
      });
    }
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
    return routes.filter((route) => tryAddRoute(pod, podVeth, route));
  });
}

/**
 * IPAM plugins may list what the kernel made of the address: the subnet's own route. That one stays as it is.
 * @returns whether it was added
 */
function tryAddRoute(pod: PodNamespace, podVeth: LinkFacts, route: InterfaceRoute): boolean {
  try {
    addRoute(pod.socket, podVeth, route);
    return true;
  } catch (error) {
    if (!(error instanceof NetlinkError && error.code === 'EEXIST')) throw error;
    const isOnLink = listRoutes(pod.socket, podVeth, route.table).some((present) => isSameDestination(present, route));
    if (!isOnLink) throw error;
    return false;
  }
}

/** A route without gateway goes through the one of its family; a family without default route gets one if asked for. */
function completeRoutes(
  { addresses, routes }: AddressAssignment,
  isDefaultGateway: boolean,
): readonly InterfaceRoute[] {
  const gatewayOf = ({ destination }: InterfaceRoute) =>
    addresses.find(({ prefix }) => prefix.address.family === destination.address.family)?.gateway;
  const families = new Set(addresses.map(({ prefix }) => prefix.address.family));
  for (const { destination, table } of routes) {
    if (destination.length === 0 && table === undefined) families.delete(destination.address.family);
  }
  const defaults = isDefaultGateway
    ? [...families].map((family): InterfaceRoute => ({ destination: defaultDestination(family), gateway: undefined }))
    : [];
  return [...routes, ...defaults].map((route) => ({ ...route, gateway: route.gateway ?? gatewayOf(route) }));
}

function describeRouteCommand(netns: string, linkName: string, route: InterfaceRoute): string {
  const family = route.destination.address.family === 'inet' ? '' : '-6 ';
  return `${describeIpCommand(netns)} ${family}route add ${describeRoute(route)} dev ${linkName} proto 112`;
}
