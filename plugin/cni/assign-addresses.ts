import type { ReservationStore } from '#plugin/ipam/reservation-store.ts';
import {
  type AddressDemand,
  type GivenAddress,
  type IpamFailure,
  releaseReservation,
  reserveAddresses,
} from '#plugin/ipam/reserve-addresses.ts';
import { LockTimeout } from '#plugin/netlink/wait-for-lock.ts';
import {
  formatIpAddress,
  formatIpPrefix,
  type IpAddress,
  type IpPrefix,
  networkPrefix,
} from '#plugin/network/ip-address.ts';
import { formatMacAddress } from '#plugin/network/mac-address.ts';
import type { AddressAssignment, AssignedAddress } from './address-assignment.ts';
import type { Attachment } from './attachment.ts';
import { CNI_ERROR_CODE, CniFailure } from './cni-failure.ts';
import { delegateAdd } from './delegate-ipam.ts';
import { listAttachedOwners } from './host-veth.ts';
import type { BridgeConfiguration } from './parse-bridge-configuration.ts';

const FAILURE_CODE: Readonly<Record<IpamFailure['kind'], number>> = {
  'pool-exhausted': CNI_ERROR_CODE.poolExhausted,
  'address-taken': CNI_ERROR_CODE.addressUnavailable,
  'address-unusable': CNI_ERROR_CODE.addressUnavailable,
  'attachment-busy': CNI_ERROR_CODE.tryAgainLater,
  'attachment-exists': CNI_ERROR_CODE.interfaceExists,
};

/** Takes the pod's addresses from our own store. @throws CniFailure of code 101, 102, 105 or 11 */
export function assignAddresses(attachment: Attachment): AddressAssignment {
  const { routes, dns, rangeSets } = attachment.configuration;
  const [requested] = attachment.request.addresses;
  if (rangeSets.length === 0 && requested !== undefined) {
    throw new CniFailure(`requested address ${formatIpAddress(requested)} cannot be given: the network has no ranges`, {
      code: CNI_ERROR_CODE.addressUnavailable,
    });
  }
  if (rangeSets.length > 0) return { addresses: reserve(attachment), routes, dns };
  claimAttachment(attachment);
  return { addresses: [], routes, dns };
}

/**
 * Asks the IPAM plugin. The configuration's own dns goes before the plugin's, and a subnet without gateway has its first
 * address for one where the bridge is to be the gateway, as with the reference plugin.
 */
export function assignDelegatedAddresses({ context, configuration }: Attachment, plugin: string): AddressAssignment {
  const { addresses, routes, dns } = delegateAdd(context, plugin);
  const completed = addresses.map(({ prefix, gateway }) => ({
    prefix,
    gateway: gateway ?? (configuration.isGateway ? firstAddress(prefix) : undefined),
  }));
  return { addresses: completed, routes, dns: configuration.dns ?? dns };
}

function firstAddress(prefix: IpPrefix): IpAddress {
  const { family, value } = networkPrefix(prefix).address;
  return { family, value: value + 1n };
}

/** The gateway addresses that the bridge is to own: of every range, so that each pod finds the same, or of the pod's. */
export function listGateways(
  { isGateway, rangeSets }: BridgeConfiguration,
  addresses: readonly AssignedAddress[],
): readonly IpPrefix[] {
  if (!isGateway) return [];
  const own = rangeSets.flat().map(({ gateway, subnet }) => ({ address: gateway, length: subnet.length }));
  if (own.length > 0) return own;
  const gateways: IpPrefix[] = [];
  for (const { gateway, prefix } of addresses)
    if (gateway !== undefined) gateways.push({ address: gateway, length: prefix.length });
  return gateways;
}

function reserve({ context, configuration, request, owner }: Attachment): readonly AssignedAddress[] {
  const { rangeSets } = configuration;
  return context.steps.run('ipam.reserve', (notes) => {
    const store = context.openStore();
    const requested = request.addresses;
    const pod = describePod(context.environment.args);
    const listAttached = () => listAttachedOwners(context.host);
    const mac = request.mac && formatMacAddress(request.mac);
    const outcome = reserveAddresses(store, { owner, pod, mac, rangeSets, requested, listAttached });
    if (!outcome.ok) throw new CniFailure(outcome.error.message, { code: FAILURE_CODE[outcome.error.kind] });
    notes.onUndo(() => releaseReservation(store, owner));
    const assigned = outcome.value.map(describeReserved);
    notes.object = assigned.map(({ prefix }) => formatIpPrefix(prefix)).join(', ');
    return assigned;
  });
}

function describePod({ K8S_POD_NAMESPACE: namespace, K8S_POD_NAME: name }: Readonly<Record<string, string>>) {
  return namespace === undefined || name === undefined ? undefined : `${namespace}/${name}`;
}

/**
 * Writes down an attachment that gets no address of ours, so that GC knows that its ADD is under way. A store that cannot be
 * written fails no pod that needs nothing of it.
 * @throws CniFailure of code 105 or 11
 */
export function claimAttachment({ context, owner }: Attachment): void {
  context.steps.run('attachment.claim', (notes) => {
    notes.object = `${owner.containerId}/${owner.ifName}`;
    const store = context.openStore();
    const pod = describePod(context.environment.args);
    const listAttached = () => listAttachedOwners(context.host);
    const outcome = tryReserve(store, { owner, pod, mac: undefined, rangeSets: [], requested: [], listAttached });
    if (outcome === undefined) return;
    if (!outcome.ok) throw new CniFailure(outcome.error.message, { code: FAILURE_CODE[outcome.error.kind] });
    notes.onUndo(() => releaseReservation(store, owner));
  });
}

function tryReserve(store: ReservationStore, demand: AddressDemand): ReturnType<typeof reserveAddresses> | undefined {
  try {
    return reserveAddresses(store, demand);
  } catch (error) {
    if (error instanceof LockTimeout) throw error;
    return undefined;
  }
}

function describeReserved({ address, range, hadOwnMac }: GivenAddress): AssignedAddress {
  return { prefix: { address, length: range.subnet.length }, gateway: range.gateway, hadOwnMac };
}
