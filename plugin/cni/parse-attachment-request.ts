import type { JsonObject } from '#model/json.ts';
import { type IpAddress, isSameAddress, parseIpAddress } from '#plugin/network/ip-address.ts';
import { parseMacAddress } from '#plugin/network/mac-address.ts';
import { CNI_ERROR_CODE, CniFailure } from './cni-failure.ts';
import { readList, readObject, readText } from './read-key.ts';

const invalid = (message: string): CniFailure => new CniFailure(message, { code: CNI_ERROR_CODE.configurationInvalid });

/** What the runtime asks for this one pod. */
export type AttachmentRequest = { readonly addresses: readonly IpAddress[]; readonly mac: Uint8Array | undefined };

/**
 * The union of every way to ask for addresses, and the first of the ways to ask for a MAC: `runtimeConfig.mac`,
 * `args.cni.mac`, CNI_ARGS `MAC`.
 * @throws CniFailure of code 7
 */
export function parseAttachmentRequest(
  configuration: JsonObject,
  args: Readonly<Record<string, string>>,
): AttachmentRequest {
  const runtimeConfig = readObject(configuration, 'runtimeConfig') ?? {};
  const argsOfCni = readObject(readObject(configuration, 'args') ?? {}, 'cni') ?? {};
  const texts = new Set([
    ...(args.IP ?? '').split(',').filter((text) => text !== ''),
    ...[...(readList(argsOfCni, 'ips') ?? []), ...(readList(runtimeConfig, 'ips') ?? [])].map(String),
  ]);
  const addresses: IpAddress[] = [];
  for (const text of texts) {
    const address = parseIpAddress(text.split('/')[0] ?? '');
    if (address === undefined) throw invalid(`requested address ${text} is no IP address`);
    // One address may be spelled in several ways.
    if (!addresses.some((other) => isSameAddress(other, address))) addresses.push(address);
  }
  const macText = readText(runtimeConfig, 'mac') ?? readText(argsOfCni, 'mac') ?? (args.MAC || undefined);
  const mac = macText === undefined ? undefined : parseMacAddress(macText);
  if (macText !== undefined && mac === undefined) throw invalid(`requested MAC ${macText} is no MAC address`);
  return { addresses, mac };
}
