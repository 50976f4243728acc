import type { JsonObject, JsonValue } from '#model/json.ts';
import type { InterfaceRoute } from '#plugin/network/interface-routes.ts';
import { formatIpAddress, formatIpPrefix, type IpAddress, type IpPrefix } from '#plugin/network/ip-address.ts';
import { CNI_ERROR_CODE, CniFailure } from './cni-failure.ts';
import { type CniVersion, isAtLeast } from './cni-version.ts';

/** What an ADD made, in the kernel's terms; every version of the result is written from it. */
export type AttachmentResult = {
  /** Bridge, host veth, pod veth, the only one inside the sandbox; then the VLAN link where there is one. */
  readonly interfaces: readonly {
    readonly name: string;
    readonly mac: string;
    readonly mtuBytes: number;
    readonly sandbox?: string;
  }[];
  readonly ips: readonly { readonly prefix: IpPrefix; readonly gateway: IpAddress | undefined }[];
  readonly routes: readonly InterfaceRoute[];
  readonly dns: JsonObject | undefined;
};

/** The pod's end is the third interface. */
const POD_INTERFACE = 2;

/**
 * @see CNI specification, section "Result types", and its changes: `ip4`/`ip6` up to 0.2.0, `ips[].version` in 0.3 and 0.4,
 * none of both from 1.0.0; `interfaces[].mtu` from 1.1.0
 * @throws CniFailure of code 7 where an old version cannot carry the addresses
 */
export function formatAttachmentResult(result: AttachmentResult, cniVersion: CniVersion): JsonObject {
  const dns = result.dns === undefined ? {} : { dns: result.dns };
  const routes = result.routes.map((route) => formatRoute(route, cniVersion));
  if (!isAtLeast(cniVersion, '0.3.0'))
    return { cniVersion, ...formatFamilies(result, cniVersion), dns: result.dns ?? {} };
  const hasVersionKey = !isAtLeast(cniVersion, '1.0.0');
  return {
    cniVersion,
    interfaces: result.interfaces.map(({ name, mac, mtuBytes, sandbox }) => ({
      name,
      mac,
      ...(isAtLeast(cniVersion, '1.1.0') ? { mtu: mtuBytes } : {}),
      ...(sandbox === undefined ? {} : { sandbox }),
    })),
    ips: result.ips.map(({ prefix, gateway }) => ({
      ...(hasVersionKey ? { version: prefix.address.family === 'inet' ? '4' : '6' } : {}),
      interface: POD_INTERFACE,
      address: formatIpPrefix(prefix),
      ...(gateway === undefined ? {} : { gateway: formatIpAddress(gateway) }),
    })),
    ...(routes.length === 0 ? {} : { routes }),
    ...(hasVersionKey ? { dns: result.dns ?? {} } : dns),
  };
}

/** CNI specification 1.1.0 knows more of a route than where it goes. */
function formatRoute(route: InterfaceRoute, cniVersion: CniVersion): JsonObject {
  const { destination, gateway, mtuBytes: mtu, advmssBytes: advmss, priority, table, scope } = route;
  const details = isAtLeast(cniVersion, '1.1.0') ? { mtu, advmss, priority, table, scope } : {};
  return {
    dst: formatIpPrefix(destination),
    ...(gateway === undefined ? {} : { gw: formatIpAddress(gateway) }),
    ...Object.fromEntries(Object.entries(details).filter((entry): entry is [string, number] => entry[1] !== undefined)),
  };
}

function formatFamilies({ ips, routes }: AttachmentResult, cniVersion: CniVersion): JsonObject {
  const families: Record<string, JsonValue> = {};
  for (const [key, family] of [
    ['ip4', 'inet'],
    ['ip6', 'inet6'],
  ] as const) {
    const [first, second] = ips.filter(({ prefix }) => prefix.address.family === family);
    if (second !== undefined) {
      throw new CniFailure(`a result before 0.3.0 holds one ${key} address, the pod has several`, {
        code: CNI_ERROR_CODE.configurationInvalid,
      });
    }
    if (first === undefined) continue;
    const ofFamily = routes.filter(({ destination }) => destination.address.family === family);
    families[key] = {
      ip: formatIpPrefix(first.prefix),
      ...(first.gateway === undefined ? {} : { gateway: formatIpAddress(first.gateway) }),
      ...(ofFamily.length === 0 ? {} : { routes: ofFamily.map((route) => formatRoute(route, cniVersion)) }),
    };
  }
  return families;
}
