import type { ReservationOwner } from '#plugin/ipam/reservation-store.ts';
import { IFF } from '#plugin/netlink/netlink-tables.ts';
import { findMissingRules } from '#plugin/network/ensure-rules.ts';
import { findLink } from '#plugin/network/find-link.ts';
import { listAddresses } from '#plugin/network/interface-addresses.ts';
import { formatDestination, type InterfaceRoute, listRoutes } from '#plugin/network/interface-routes.ts';
import { formatIpAddress, formatIpPrefix, type IpPrefix, isSameAddress } from '#plugin/network/ip-address.ts';
import type { LinkFacts } from '#plugin/network/link-message.ts';
import { CNI_ERROR_CODE, CniFailure } from './cni-failure.ts';
import { delegateCheck } from './delegate-ipam.ts';
import { describeIpCommand } from './describe-ip-command.ts';
import { findHostVeth } from './host-veth.ts';
import { type InvocationContext, requireOwner } from './invocation-context.ts';
import { openPodNamespace, type PodNamespace } from './open-pod-namespace.ts';
import type { BridgeConfiguration } from './parse-bridge-configuration.ts';
import { type PreviousInterface, type PreviousResult, parsePreviousResult } from './parse-previous-result.ts';
import { describeRules } from './prepare-node.ts';

type Check = {
  readonly context: InvocationContext;
  readonly configuration: BridgeConfiguration;
  readonly owner: ReservationOwner;
  readonly pod: PodNamespace;
  readonly previous: PreviousResult;
};

const differs = (message: string): CniFailure => new CniFailure(message, { code: CNI_ERROR_CODE.stateDiffers });

/**
 * Compares what ADD said with what the kernel says. Prints nothing when it holds; what was added since is tolerated.
 * @throws CniFailure of code 7 without prevResult, of code 106 naming the first difference
 */
export function checkAttachment(context: InvocationContext, configuration: BridgeConfiguration): void {
  const owner = requireOwner(context.environment);
  const previous = parsePreviousResult(context.input.configuration);
  using pod = context.steps.run('netns.open', (notes) => {
    notes.object = context.environment.netns ?? '';
    return openPodNamespace(context.environment, context.deadline);
  });
  const check: Check = { context, configuration, owner, pod, previous };
  const bridge = checkBridge(check);
  const podVeth = checkVeth(check, bridge);
  checkAddresses(check, podVeth);
  checkRoutes(check, podVeth);
  checkReservations(check);
  checkRules(check);
}

function checkBridge({ context, configuration: { bridgeName }, previous }: Check): LinkFacts {
  return context.steps.run('bridge.check', (notes) => {
    notes.object = bridgeName;
    notes.command = `ip -d link show dev ${bridgeName}`;
    const bridge = findLink(context.host, bridgeName);
    if (bridge === undefined) throw differs(`bridge ${bridgeName} is gone`);
    if (bridge.kind !== 'bridge') throw differs(`link ${bridgeName} is no bridge`);
    requireMac(
      bridge,
      previous.interfaces.find(({ name, sandbox }) => name === bridgeName && sandbox === undefined),
    );
    return bridge;
  });
}

function checkVeth({ context, owner, pod, previous }: Check, bridge: LinkFacts): LinkFacts {
  return context.steps.run('veth.check', (notes) => {
    const netns = context.environment.netns ?? '';
    notes.object = owner.ifName;
    notes.command = `${describeIpCommand(netns)} -d link show dev ${owner.ifName}`;
    const expected = previous.interfaces.find(({ name, sandbox }) => name === owner.ifName && sandbox !== undefined);
    if (expected === undefined) throw differs(`prevResult has no interface ${owner.ifName} in a sandbox`);
    if (expected.sandbox !== netns)
      throw differs(`prevResult has the sandbox ${expected.sandbox}, CNI_NETNS is ${netns}`);
    const podVeth = findLink(pod.socket, owner.ifName);
    if (podVeth === undefined) throw differs(`interface ${owner.ifName} is gone from ${netns}`);
    if (podVeth.kind !== 'veth') throw differs(`interface ${owner.ifName} in ${netns} is no veth`);
    requireMac(podVeth, expected);
    requireUp(podVeth);
    requireAttached({ hostVeth: findHostVeth(context.host, owner), podVeth, bridge });
    return podVeth;
  });
}

type Pair = { readonly hostVeth: LinkFacts | undefined; readonly podVeth: LinkFacts; readonly bridge: LinkFacts };

function requireAttached({ hostVeth, podVeth, bridge }: Pair): void {
  if (hostVeth === undefined) throw differs(`the host's end of ${podVeth.name} is gone`);
  if (podVeth.peerIndex !== hostVeth.index || hostVeth.peerIndex !== podVeth.index) {
    throw differs(`${hostVeth.name} is not the other end of ${podVeth.name}`);
  }
  if (hostVeth.masterIndex !== bridge.index) throw differs(`${hostVeth.name} is no port of ${bridge.name}`);
  requireUp(hostVeth);
}

function requireMac(link: LinkFacts, expected: PreviousInterface | undefined): void {
  if (expected?.mac === undefined || expected.mac === link.mac) return;
  throw differs(`${link.name} has the MAC ${link.mac}, prevResult says ${expected.mac}`);
}

function requireUp(link: LinkFacts): void {
  if ((link.flags & IFF.UP) === 0) throw differs(`${link.name} is down`);
}

/** The chain may have more interfaces than ours; an address without interface is ours. */
function listPodAddresses({ owner, previous }: Check): readonly IpPrefix[] {
  const isOurs = (index: number | undefined): boolean => {
    const holder = index === undefined ? undefined : previous.interfaces[index];
    return holder === undefined || (holder.name === owner.ifName && holder.sandbox !== undefined);
  };
  return previous.ips.filter((one) => isOurs(one.interface)).map(({ prefix }) => prefix);
}

function checkAddresses(check: Check, podVeth: LinkFacts): void {
  const { context, pod } = check;
  context.steps.run('address.check', (notes) => {
    notes.command = `${describeIpCommand(pod.handle.path)} address show dev ${podVeth.name}`;
    const addresses = listPodAddresses(check);
    notes.object = addresses.map(formatIpPrefix).join(', ');
    const present = listAddresses(pod.socket, podVeth);
    for (const prefix of addresses) {
      if (present.some((one) => one.length === prefix.length && isSameAddress(one.address, prefix.address))) continue;
      throw differs(`address ${formatIpPrefix(prefix)} is gone from ${podVeth.name}`);
    }
  });
}

function checkRoutes({ context, pod, previous }: Check, podVeth: LinkFacts): void {
  context.steps.run('route.check', (notes) => {
    notes.command = `${describeIpCommand(pod.handle.path)} route show dev ${podVeth.name}`;
    notes.object = previous.routes.map(({ destination }) => formatDestination(destination)).join(', ');
    const present = listRoutes(pod.socket, podVeth);
    for (const route of previous.routes) {
      if (present.some((one) => isSameRoute(one, route))) continue;
      const via = route.gateway === undefined ? '' : ` via ${formatIpAddress(route.gateway)}`;
      throw differs(`route ${formatDestination(route.destination)}${via} is gone from ${podVeth.name}`);
    }
  });
}

function isSameRoute(one: InterfaceRoute, other: InterfaceRoute): boolean {
  if (one.destination.length !== other.destination.length) return false;
  if (!isSameAddress(one.destination.address, other.destination.address)) return false;
  if (other.gateway === undefined) return true;
  return one.gateway !== undefined && isSameAddress(one.gateway, other.gateway);
}

/** By name of the file: no need to look through all of them. */
function checkReservations(check: Check): void {
  const { context, configuration, owner } = check;
  if (configuration.ipamPlugin !== undefined) delegateCheck(context, configuration.ipamPlugin);
  if (configuration.rangeSets.length === 0) return;
  context.steps.run('ipam.check', (notes) => {
    const store = context.openStore();
    const addresses = listPodAddresses(check).map(({ address }) => formatIpAddress(address));
    notes.object = addresses.join(', ');
    if (addresses.length === 0) throw differs('prevResult has no address, the network gives one to each pod');
    for (const address of addresses) {
      const reservation = store.read(address);
      if (reservation?.containerId === owner.containerId && reservation.ifName === owner.ifName) continue;
      throw differs(
        `address ${address} is ${reservation === undefined ? 'not reserved' : `reserved for ${reservation.containerId}`}`,
      );
    }
  });
}

function checkRules(check: Check): void {
  const { context, configuration } = check;
  const addresses = listPodAddresses(check);
  if (addresses.length === 0) return;
  context.steps.run('rules.check', (notes) => {
    notes.object = configuration.bridgeName;
    notes.command = 'iptables-save';
    const missing = findMissingRules(describeRules(configuration, addresses), () => context.deadline.remainingMs());
    if (missing.length > 0) throw differs(`rules are gone: ${missing.join('; ')}`);
  });
}
