import type { JsonObject } from '#model/json.ts';
import type { InterfaceRoute } from '#plugin/network/interface-routes.ts';
import type { IpAddress, IpPrefix } from '#plugin/network/ip-address.ts';

/** An address of the pod with the length of its subnet, and the gateway of that subnet. */
export type AssignedAddress = {
  readonly prefix: IpPrefix;
  readonly gateway: IpAddress | undefined;
  /** Nobody remembers it with another MAC than the one that is made from it. */
  readonly hadOwnMac?: boolean;
};

/** What IPAM says about one attachment, whoever does it; nothing at all in a network of layer 2 only. */
export type AddressAssignment = {
  readonly addresses: readonly AssignedAddress[];
  readonly routes: readonly InterfaceRoute[];
  readonly dns: JsonObject | undefined;
};
