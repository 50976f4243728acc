import type { JsonObject } from '#model/json.ts';
import type { InterfaceRoute } from '#plugin/network/interface-routes.ts';
import { parseIpAddress, parseIpPrefix } from '#plugin/network/ip-address.ts';
import { CNI_ERROR_CODE, CniFailure } from './cni-failure.ts';
import { readCount, readKey, readObjects, readText } from './read-key.ts';

const invalid = (message: string): CniFailure => new CniFailure(message, { code: CNI_ERROR_CODE.configurationInvalid });

/**
 * The list `routes` of `ipam` or of a result. Beside destination and gateway a route of CNI 1.1.0 may say mtu, advmss,
 * priority, table and scope.
 * @param holder names the object in messages
 * @throws CniFailure of code 7 naming the route
 */
export function parseRoutes(object: JsonObject, holder: string): readonly InterfaceRoute[] {
  return (readObjects(object, 'routes') ?? []).map((route) => parseRoute(route, holder));
}

function parseRoute(route: JsonObject, holder: string): InterfaceRoute {
  const destinationText = readText(route, 'dst');
  const destination = parseIpPrefix(destinationText ?? '');
  if (destination === undefined) throw invalid(`${holder} has a route to ${destinationText}, which is no prefix`);
  const gatewayText = readText(route, 'gw');
  const gateway = gatewayText === undefined ? undefined : parseIpAddress(gatewayText);
  if (gatewayText !== undefined && gateway === undefined)
    throw invalid(`${holder} has a route through ${gatewayText}, which is no address`);
  if (gateway !== undefined && gateway.family !== destination.address.family)
    throw invalid(`${holder} has a route to ${destinationText} through ${gatewayText} of the other address family`);
  return {
    destination,
    gateway,
    mtuBytes: readCount(route, 'mtu'),
    advmssBytes: readCount(route, 'advmss'),
    priority: readCount(route, 'priority'),
    table: readCount(route, 'table'),
    scope: readScope(route, holder),
  };
}

/** RT_SCOPE_*: 0 is one of them, and a byte is all the kernel has for it. include/uapi/linux/rtnetlink.h */
function readScope(route: JsonObject, holder: string): number | undefined {
  const scope = readKey(route, 'scope');
  if (scope === undefined) return undefined;
  if (typeof scope === 'number' && Number.isInteger(scope) && scope >= 0 && scope <= 255) return scope;
  throw invalid(`${holder} has a route with the scope ${JSON.stringify(scope)}, which has to be 0 to 255`);
}
