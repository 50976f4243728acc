import type { JsonObject } from '#model/json.ts';
import type { InterfaceRoute } from '#plugin/network/interface-routes.ts';
import { parseIpAddress, parseIpPrefix } from '#plugin/network/ip-address.ts';
import type { AssignedAddress } from './address-assignment.ts';
import { CNI_ERROR_CODE, CniFailure } from './cni-failure.ts';
import { parseRoutes } from './parse-routes.ts';
import { readKey, readObject, readObjects, readText } from './read-key.ts';

export type PreviousInterface = {
  readonly name: string;
  readonly mac: string | undefined;
  readonly sandbox: string | undefined;
};

/** What an earlier ADD said it made; CHECK compares it with the kernel. */
export type PreviousResult = {
  readonly interfaces: readonly PreviousInterface[];
  readonly ips: readonly (AssignedAddress & { readonly interface: number | undefined })[];
  readonly routes: readonly InterfaceRoute[];
};

const invalid = (message: string): CniFailure => new CniFailure(message, { code: CNI_ERROR_CODE.configurationInvalid });

/** @throws CniFailure of code 7 where there is none, or it cannot be read */
export function parsePreviousResult(configuration: JsonObject): PreviousResult {
  const result = readObject(configuration, 'prevResult');
  if (result === undefined) throw invalid('prevResult is missing');
  return {
    interfaces: (readObjects(result, 'interfaces') ?? []).map((one) => ({
      name: readText(one, 'name') ?? '',
      mac: readText(one, 'mac')?.toLowerCase(),
      sandbox: readText(one, 'sandbox'),
    })),
    ips: (readObjects(result, 'ips') ?? []).map((one) => {
      const prefix = parseIpPrefix(readText(one, 'address') ?? '');
      if (prefix === undefined)
        throw invalid(`prevResult has the address ${readText(one, 'address')}, which is no prefix`);
      const index = readKey(one, 'interface');
      const gateway = parseIpAddress(readText(one, 'gateway') ?? '');
      return { prefix, gateway, interface: typeof index === 'number' ? index : undefined };
    }),
    routes: parseRoutes(result, 'prevResult'),
  };
}
