import { encodeAttribute, encodeU32, indexAttributes, joinBytes, readU32 } from '#plugin/netlink/netlink-message.ts';
import type { NetlinkSocket } from '#plugin/netlink/netlink-socket.ts';
import { AF, NLM_F, RT_SCOPE, RT_TABLE, RTA, RTM, RTN, RTPROT } from '#plugin/netlink/netlink-tables.ts';
import {
  type AddressFamily,
  addressBits,
  formatIpAddress,
  formatIpPrefix,
  type IpAddress,
  type IpPrefix,
  ipAddressBytes,
  ipAddressFromBytes,
} from './ip-address.ts';

export type InterfaceRoute = {
  readonly destination: IpPrefix;
  readonly gateway: IpAddress | undefined;
  /** RTAX_MTU */
  readonly mtuBytes?: number | undefined;
  /** RTAX_ADVMSS: the segment size that TCP announces. */
  readonly advmssBytes?: number | undefined;
  /** RTA_PRIORITY, `metric` in `ip route`; the kernel's own choice where absent. */
  readonly priority?: number | undefined;
  /** RTA_TABLE, the main one where absent. */
  readonly table?: number | undefined;
  /** RT_SCOPE_*; universe through a gateway and link without one where absent. */
  readonly scope?: number | undefined;
};

type LinkReference = { readonly index: number; readonly name: string };

/** `struct rtmsg`. include/uapi/linux/rtnetlink.h */
const RTMSG_BYTES = 12;

const familyNumber = (family: AddressFamily): number => (family === 'inet' ? AF.INET : AF.INET6);

/** 0.0.0.0/0 or ::/0 */
export function defaultDestination(family: AddressFamily): IpPrefix {
  return { address: { family, value: 0n }, length: 0 };
}

/** As `ip route` takes it: `default` or a prefix. */
export function formatDestination(destination: IpPrefix): string {
  return destination.length === 0 ? 'default' : formatIpPrefix(destination);
}

/** @throws NetlinkError EEXIST where the route is there, ENETUNREACH where the gateway is not on the link */
export function addRoute(socket: NetlinkSocket, link: LinkReference, { destination, gateway }: InterfaceRoute): void {
  const header = new Uint8Array([
    familyNumber(destination.address.family),
    destination.length,
    0,
    0,
    RT_TABLE.MAIN,
    RTPROT.PODWIRE,
    gateway === undefined ? RT_SCOPE.LINK : RT_SCOPE.UNIVERSE,
    RTN.UNICAST,
    ...[0, 0, 0, 0],
  ]);
  const body = joinBytes(
    header,
    ...(destination.length === 0 ? [] : [encodeAttribute(RTA.DST, ipAddressBytes(destination.address))]),
    encodeU32(RTA.OIF, link.index),
    ...(gateway === undefined ? [] : [encodeAttribute(RTA.GATEWAY, ipAddressBytes(gateway))]),
  );
  const via = gateway === undefined ? '' : ` via ${formatIpAddress(gateway)}`;
  const object = `route ${formatDestination(destination)}${via} on ${link.name}`;
  socket.request({ type: RTM.NEWROUTE, flags: NLM_F.CREATE | NLM_F.EXCL, body, object });
}

/** Unicast routes of the main table that leave through the link. */
export function listRoutes(socket: NetlinkSocket, link: LinkReference): readonly InterfaceRoute[] {
  return (['inet', 'inet6'] as const).flatMap((family) => {
    const header = new Uint8Array(RTMSG_BYTES);
    header[0] = familyNumber(family);
    header[4] = RT_TABLE.MAIN;
    header[7] = RTN.UNICAST;
    const body = joinBytes(header, encodeU32(RTA.OIF, link.index));
    return socket
      .dump(RTM.GETROUTE, body, `routes of ${link.name}`)
      .flatMap((reply) => decodeRoute(reply.body, family));
  });
}

function decodeRoute(body: Uint8Array, family: AddressFamily): readonly InterfaceRoute[] {
  const attributes = indexAttributes(body, RTMSG_BYTES);
  const table = attributes.get(RTA.TABLE);
  if (table !== undefined && readU32(table) !== RT_TABLE.MAIN) return [];
  const address = ipAddressFromBytes(attributes.get(RTA.DST) ?? new Uint8Array(addressBits(family) / 8));
  const gateway = attributes.get(RTA.GATEWAY);
  if (address === undefined) return [];
  return [{ destination: { address, length: body[1] ?? 0 }, gateway: gateway && ipAddressFromBytes(gateway) }];
}
