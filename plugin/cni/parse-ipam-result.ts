import type { JsonObject } from '#model/json.ts';
import { parseIpAddress, parseIpPrefix } from '#plugin/network/ip-address.ts';
import type { AddressAssignment, AssignedAddress } from './address-assignment.ts';
import { CNI_ERROR_CODE, CniFailure } from './cni-failure.ts';
import { parseRoutes } from './parse-routes.ts';
import { readObject, readObjects, readText } from './read-key.ts';

/**
 * What an IPAM plugin printed for ADD, in any version of the result: `ip4` and `ip6` with their own routes before 0.3.0,
 * `ips` since. Which interface an address is for does not matter: the pod has one.
 * @throws CniFailure of code 107 naming the plugin where it holds no address, or one that cannot be read
 */
export function parseIpamResult(result: JsonObject, plugin: string): AddressAssignment {
  try {
    const families = [readObject(result, 'ip4'), readObject(result, 'ip6')].filter((family) => family !== undefined);
    const addresses = [
      ...families.map((family) => parseAddress(family, 'ip')),
      ...(readObjects(result, 'ips') ?? []).map((one) => parseAddress(one, 'address')),
    ];
    if (addresses.length === 0) throw refused('it has no address');
    const routes = [result, ...families].flatMap((holder) => parseRoutes(holder, 'it'));
    const dns = readObject(result, 'dns');
    return { addresses, routes, dns: dns === undefined || Object.keys(dns).length === 0 ? undefined : dns };
  } catch (error) {
    if (!(error instanceof CniFailure)) throw error;
    throw new CniFailure(`the result of IPAM plugin ${plugin} cannot be used: ${error.message}`, {
      code: CNI_ERROR_CODE.ipamFailed,
      details: JSON.stringify(result),
      cause: error,
    });
  }
}

const refused = (message: string): CniFailure => new CniFailure(message, { code: CNI_ERROR_CODE.ipamFailed });

function parseAddress(holder: JsonObject, key: string): AssignedAddress {
  const text = readText(holder, key);
  const prefix = parseIpPrefix(text ?? '');
  if (prefix === undefined) throw refused(`the address ${text} is no prefix`);
  const gatewayText = readText(holder, 'gateway');
  const gateway = gatewayText === undefined ? undefined : parseIpAddress(gatewayText);
  if (gatewayText !== undefined && gateway === undefined) throw refused(`the gateway ${gatewayText} is no address`);
  return { prefix, gateway };
}
