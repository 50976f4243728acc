import type { JsonObject } from '#model/json.ts';
import { type ReservedAddress, reserveAddresses } from '#plugin/ipam/reserve-addresses.ts';
import type { InterfaceRoute } from '#plugin/network/interface-routes.ts';
import { formatIpAddress, formatIpPrefix, type IpAddress, type IpPrefix } from '#plugin/network/ip-address.ts';
import type { Attachment } from './attachment.ts';
import { CNI_ERROR_CODE, CniFailure } from './cni-failure.ts';

/** An address of the pod with the length of its subnet, and the gateway of that subnet. */
export type AssignedAddress = { readonly prefix: IpPrefix; readonly gateway: IpAddress | undefined };

/** What IPAM says about one attachment, whoever does it; nothing at all in a network of layer 2 only. */
export type AddressAssignment = {
  readonly addresses: readonly AssignedAddress[];
  readonly routes: readonly InterfaceRoute[];
  readonly dns: JsonObject | undefined;
};

/** Takes the pod's addresses from our own store. @throws CniFailure of code 101 or 102 */
export function assignAddresses(attachment: Attachment): AddressAssignment {
  const { routes, dns, rangeSets } = attachment.configuration;
  const addresses = rangeSets.length === 0 ? [] : reserve(attachment);
  return { addresses, routes, dns };
}

function reserve({ context, configuration, request, owner }: Attachment): readonly AssignedAddress[] {
  const { rangeSets } = configuration;
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
    const assigned = outcome.value.map(describeReserved);
    notes.object = assigned.map(({ prefix }) => formatIpPrefix(prefix)).join(', ');
    return assigned;
  });
}

function describeReserved({ address, range }: ReservedAddress): AssignedAddress {
  return { prefix: { address, length: range.subnet.length }, gateway: range.gateway };
}
