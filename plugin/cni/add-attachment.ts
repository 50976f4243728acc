import type { ReservationOwner } from '#plugin/ipam/reservation-store.ts';
import { type ReservedAddress, reserveAddresses } from '#plugin/ipam/reserve-addresses.ts';
import { NetlinkError } from '#plugin/netlink/netlink-socket.ts';
import { attachLink, createVethPair, deleteLink, setHairpin, setLinkUp } from '#plugin/network/change-link.ts';
import { ensureBridge } from '#plugin/network/ensure-bridge.ts';
import { ensureRules, type RulesDemand } from '#plugin/network/ensure-rules.ts';
import { findLink } from '#plugin/network/find-link.ts';
import { addAddress } from '#plugin/network/interface-addresses.ts';
import {
  addRoute,
  defaultDestination,
  formatDestination,
  type InterfaceRoute,
} from '#plugin/network/interface-routes.ts';
import { formatIpAddress, formatIpPrefix, type IpPrefix } from '#plugin/network/ip-address.ts';
import type { LinkFacts } from '#plugin/network/link-message.ts';
import { deriveMacAddress, formatMacAddress } from '#plugin/network/mac-address.ts';
import { removeNeighbour, replaceNeighbour } from '#plugin/network/neighbours.ts';
import type { AttachmentResult } from './attachment-result.ts';
import { CNI_ERROR_CODE, CniFailure } from './cni-failure.ts';
import { describeIpCommand } from './describe-ip-command.ts';
import { HOST_VETH_ATTEMPTS, hostVethMac, hostVethName, isHostVethOf } from './host-veth.ts';
import { type InvocationContext, requireOwner } from './invocation-context.ts';
import { openPodNamespace, type PodNamespace } from './open-pod-namespace.ts';
import type { AttachmentRequest, BridgeConfiguration } from './parse-bridge-configuration.ts';

/** An ADD under way: what the steps share. */
type Attachment = {
  readonly context: InvocationContext;
  readonly configuration: BridgeConfiguration;
  readonly request: AttachmentRequest;
  readonly owner: ReservationOwner;
  readonly pod: PodNamespace;
};

/**
 * Wires one pod: address, bridge, veth pair, addresses, routes, neighbour entry, rules. Each step can be taken back;
 * the caller does so if one of them, or what follows, fails.
 */
export function addAttachment(
  context: InvocationContext,
  configuration: BridgeConfiguration,
  request: AttachmentRequest,
): AttachmentResult {
  const owner = requireOwner(context.environment);
  using pod = enterPodNamespace(context, owner);
  const attachment: Attachment = { context, configuration, request, owner, pod };
  const reserved = reserve(attachment);
  const bridge = makeBridge(attachment);
  const podMac = request.mac ?? (reserved[0] === undefined ? undefined : deriveMacAddress(reserved[0].address));
  const hostVeth = makeVethPair(
    attachment,
    podMac ?? deriveMacAddress({ family: 'inet6', value: BigInt(pod.handle.id) }),
  );
  attachVeth(attachment, hostVeth, bridge);
  const podVeth = requireLink(findLink(pod.socket, owner.ifName), owner.ifName);
  addAddresses(attachment, podVeth, reserved);
  const routes = addRoutes(attachment, podVeth, reserved);
  refreshNeighbours(attachment, { bridge, podVeth, reserved });
  setRules(attachment);
  return describeResult(attachment, { bridge, hostVeth, podVeth, reserved, routes });
}

function enterPodNamespace(context: InvocationContext, { ifName }: ReservationOwner): PodNamespace {
  return context.steps.run('netns.open', (notes) => {
    const path = context.environment.netns ?? '';
    notes.object = path;
    notes.command = `${describeIpCommand(path)} link show`;
    const pod = openPodNamespace(context.environment);
    if (findLink(pod.socket, ifName) === undefined) return pod;
    pod[Symbol.dispose]();
    throw new CniFailure(`interface ${ifName} exists already in ${path}`, { code: CNI_ERROR_CODE.interfaceExists });
  });
}

function reserve({ context, configuration, request, owner }: Attachment): readonly ReservedAddress[] {
  const { rangeSets } = configuration;
  if (rangeSets.length === 0) return [];
  return context.steps.run('ipam.reserve', (notes) => {
    const store = context.openStore();
    const requested = request.addresses;
    const outcome = reserveAddresses(store, { owner, rangeSets, requested, reservedAt: context.startedAt });
    if (!outcome.ok) {
      const { kind, message } = outcome.error;
      const { poolExhausted, addressUnavailable } = CNI_ERROR_CODE;
      throw new CniFailure(message, { code: kind === 'pool-exhausted' ? poolExhausted : addressUnavailable });
    }
    const names = outcome.value.map(({ address }) => formatIpAddress(address));
    notes.onUndo(() => store.withLock(() => store.release(names)));
    notes.object = outcome.value.map(describePrefix).join(', ');
    return outcome.value;
  });
}

const podPrefix = ({ address, range }: ReservedAddress): IpPrefix => ({ address, length: range.subnet.length });
const describePrefix = (reserved: ReservedAddress): string => formatIpPrefix(podPrefix(reserved));

/** The bridge stays when the ADD fails: other pods may be on it by then. */
function makeBridge({ context, configuration }: Attachment): LinkFacts {
  return context.steps.run('bridge.ensure', (notes) => {
    const { bridgeName, isGateway, forceAddress } = configuration;
    notes.object = bridgeName;
    const gateways = isGateway
      ? configuration.rangeSets.flat().map(({ gateway, subnet }) => ({ address: gateway, length: subnet.length }))
      : [];
    const { bridge, commands } = ensureBridge(context.host, { name: bridgeName, gateways, forceAddress });
    notes.command = commands.length === 0 ? `ip -d address show dev ${bridgeName}` : commands.join(' && ');
    return bridge;
  });
}

function makeVethPair({ context, configuration, owner, pod }: Attachment, podMac: Uint8Array): LinkFacts {
  return context.steps.run('veth.create', (notes) => {
    const { mtuBytes } = configuration;
    const hostMac = hostVethMac(owner);
    const mtu = mtuBytes === undefined ? '' : ` mtu ${mtuBytes}`;
    for (let attempt = 0; attempt < HOST_VETH_ATTEMPTS; attempt += 1) {
      const name = hostVethName(owner, attempt);
      notes.object = name;
      notes.command =
        `ip link add ${name} address ${formatMacAddress(hostMac)}${mtu} type veth` +
        ` peer name ${owner.ifName} address ${formatMacAddress(podMac)}${mtu} netns ${pod.handle.path}`;
      try {
        const ends = { hostVeth: { name, mac: hostMac }, podVeth: { name: owner.ifName, mac: podMac } };
        createVethPair(context.host, { ...ends, namespaceFd: pod.handle.fd, mtuBytes });
      } catch (error) {
        if (!(error instanceof NetlinkError && error.code === 'EEXIST')) throw error;
        if (!clearNameCollision({ context, owner, name })) throw error;
        continue;
      }
      const hostVeth = requireLink(findLink(context.host, name), name);
      notes.onUndo(() => deleteLink(context.host, hostVeth));
      return hostVeth;
    }
    throw new CniFailure(`every host veth name of ${owner.containerId} is taken`, {
      code: CNI_ERROR_CODE.interfaceExists,
    });
  });
}

/**
 * The name on the host is taken: by a stranger, then the next name is tried; by a killed ADD of this very attachment,
 * then its pair is deleted.
 * @returns false where the name is free, so that it was the pod's end that exists
 */
function clearNameCollision({
  context,
  owner,
  name,
}: Pick<Attachment, 'context' | 'owner'> & { name: string }): boolean {
  const link = findLink(context.host, name);
  if (link === undefined) return false;
  if (isHostVethOf(owner, link)) deleteLink(context.host, link);
  return true;
}

function attachVeth({ context, configuration }: Attachment, hostVeth: LinkFacts, bridge: LinkFacts): void {
  context.steps.run('veth.attach', (notes) => {
    notes.object = hostVeth.name;
    notes.command = `ip link set dev ${hostVeth.name} master ${bridge.name} up`;
    attachLink(context.host, hostVeth, bridge);
    if (!configuration.isHairpin) return;
    notes.command += ` && bridge link set dev ${hostVeth.name} hairpin on`;
    setHairpin(context.host, hostVeth);
  });
}

/** Deleting the pair takes addresses and routes along, so these steps need no undo of their own. */
function addAddresses({ context, pod }: Attachment, podVeth: LinkFacts, reserved: readonly ReservedAddress[]): void {
  context.steps.run('address.add', (notes) => {
    const inPod = describeIpCommand(pod.handle.path);
    const commands = reserved.map((one) => {
      const flags = one.address.family === 'inet' ? 'brd +' : 'nodad';
      return `${inPod} address add ${describePrefix(one)} ${flags} dev ${podVeth.name}`;
    });
    notes.object = reserved.length === 0 ? podVeth.name : reserved.map(describePrefix).join(', ');
    notes.command = [...commands, `${inPod} link set dev ${podVeth.name} up`].join(' && ');
    for (const one of reserved) addAddress(pod.socket, podVeth, podPrefix(one));
    setLinkUp(pod.socket, podVeth);
  });
}

function addRoutes(
  { context, configuration, pod }: Attachment,
  podVeth: LinkFacts,
  reserved: readonly ReservedAddress[],
): readonly InterfaceRoute[] {
  const gatewayOf = ({ destination }: InterfaceRoute) =>
    reserved.find(({ address }) => address.family === destination.address.family)?.range.gateway;
  const defaults = configuration.isDefaultGateway
    ? [...new Set(reserved.map(({ address }) => address.family))].map(
        (family): InterfaceRoute => ({ destination: defaultDestination(family), gateway: undefined }),
      )
    : [];
  const routes = [...configuration.routes, ...defaults].map(
    (route): InterfaceRoute => ({
      destination: route.destination,
      gateway: route.gateway ?? gatewayOf(route),
    }),
  );
  if (routes.length === 0) return routes;
  return context.steps.run('route.add', (notes) => {
    notes.object = routes.map(({ destination }) => formatDestination(destination)).join(', ');
    notes.command = routes.map((route) => describeRouteCommand(pod.handle.path, podVeth.name, route)).join(' && ');
    for (const route of routes) addRoute(pod.socket, podVeth, route);
    return routes;
  });
}

function describeRouteCommand(netns: string, linkName: string, { destination, gateway }: InterfaceRoute): string {
  const family = destination.address.family === 'inet' ? '' : '-6 ';
  const via = gateway === undefined ? '' : ` via ${formatIpAddress(gateway)}`;
  return `${describeIpCommand(netns)} ${family}route add ${formatDestination(destination)}${via} dev ${linkName} proto 112`;
}

type Wired = { readonly bridge: LinkFacts; readonly podVeth: LinkFacts; readonly reserved: readonly ReservedAddress[] };

function refreshNeighbours({ context, configuration }: Attachment, { bridge, podVeth, reserved }: Wired): void {
  if (!configuration.isGateway || reserved.length === 0) return;
  context.steps.run('neighbour.refresh', (notes) => {
    const mac = podVeth.mac ?? '';
    notes.object = reserved.map(({ address }) => formatIpAddress(address)).join(', ');
    notes.command = reserved
      .map(
        ({ address }) => `ip neighbour replace ${formatIpAddress(address)} lladdr ${mac} nud stale dev ${bridge.name}`,
      )
      .join(' && ');
    for (const { address } of reserved) {
      replaceNeighbour(context.host, bridge, {
        address,
        mac: Uint8Array.from(mac.split(':'), (byte) => Number.parseInt(byte, 16)),
      });
      notes.onUndo(() => removeNeighbour(context.host, bridge, address));
    }
  });
}

/** The rules that the network needs on this node; the same for every pod. */
export function describeRules(configuration: BridgeConfiguration): RulesDemand {
  const { bridgeName, isMasqueraded, clusterCidrs, rangeSets } = configuration;
  const subnets = rangeSets.flat().map(({ subnet }) => subnet);
  return { bridgeName, isMasqueraded, clusterCidrs, subnets };
}

function setRules({ context, configuration }: Attachment): void {
  if (configuration.rangeSets.length === 0) return;
  context.steps.run('rules.ensure', (notes) => {
    const { runDirectory } = context.node;
    const { commands, markerPath } = ensureRules(describeRules(configuration), {
      runDirectory,
      bootId: context.bootId,
    });
    notes.object = configuration.bridgeName;
    notes.command = commands.length === 0 ? `test -e ${markerPath}` : commands.join(' && ');
  });
}

function requireLink(link: LinkFacts | undefined, name: string): LinkFacts {
  if (link !== undefined) return link;
  throw new CniFailure(`link ${name} disappeared right after it was made`, { code: CNI_ERROR_CODE.kernelRefused });
}

function describeResult(
  { context, configuration }: Attachment,
  {
    bridge,
    hostVeth,
    podVeth,
    reserved,
    routes,
  }: Wired & { readonly hostVeth: LinkFacts; readonly routes: readonly InterfaceRoute[] },
): AttachmentResult {
  const factsOf = ({ name, mac, mtuBytes }: LinkFacts) => ({ name, mac: mac ?? '', mtuBytes });
  return {
    interfaces: [factsOf(bridge), factsOf(hostVeth), { ...factsOf(podVeth), sandbox: context.environment.netns ?? '' }],
    ips: reserved.map((one) => ({ prefix: podPrefix(one), gateway: one.range.gateway })),
    routes,
    dns: configuration.dns,
  };
}
