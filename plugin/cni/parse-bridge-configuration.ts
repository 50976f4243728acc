import type { JsonObject, JsonValue } from '#model/json.ts';
import {
  type AddressRange,
  type AddressRangeText,
  findRangeConflict,
  parseAddressRange,
} from '#plugin/ipam/address-range.ts';
import type { InterfaceRoute } from '#plugin/network/interface-routes.ts';
import { type IpPrefix, parseIpAddress, parseIpPrefix } from '#plugin/network/ip-address.ts';
import { CNI_ERROR_CODE, CniFailure } from './cni-failure.ts';
import type { NetworkInput } from './parse-input.ts';
import { isJsonObject, readCount, readFlag, readKey, readList, readObject, readObjects, readText } from './read-key.ts';
import { requireBridgeMode } from './read-mode.ts';

/** A network in bridge mode, every default filled in. */
export type BridgeConfiguration = NetworkInput & {
  readonly bridgeName: string;
  readonly mtuBytes: number | undefined;
  /** The bridge owns the gateway address. */
  readonly isGateway: boolean;
  /** Pods get a default route through it. */
  readonly isDefaultGateway: boolean;
  readonly isMasqueraded: boolean;
  readonly isHairpin: boolean;
  readonly forceAddress: boolean;
  readonly clusterCidrs: readonly IpPrefix[];
  /** Empty for a network of layer 2 only (`ipam: {}`). */
  readonly rangeSets: readonly (readonly AddressRange[])[];
  readonly routes: readonly InterfaceRoute[];
  readonly dns: JsonObject | undefined;
};

const DEFAULT_BRIDGE_NAME = 'cni0';
const OWN_IPAM_TYPES = new Set(['podwire', undefined]);

const invalid = (message: string): CniFailure => new CniFailure(message, { code: CNI_ERROR_CODE.configurationInvalid });

/**
 * Two forms: the short one, `podcidr`, where everything follows from the node's pod range, and the standard one with
 * `ipam`. The short one masquerades unless told otherwise; the standard one, like the reference plugin, only when asked to.
 * @throws CniFailure of code 7
 */
export function parseBridgeConfiguration(input: NetworkInput): BridgeConfiguration {
  const { configuration } = input;
  requireBridgeMode(configuration);
  const podCidr = readText(configuration, 'podcidr');
  const ipam = readObject(configuration, 'ipam') ?? {};
  const rangeSets = podCidr === undefined ? parseIpam(ipam) : [[requireRange({ subnet: podCidr })]];
  const routes = parseRoutes(ipam);
  const isGateway = readFlag(configuration, 'isGateway') ?? true;
  const isHairpin = readFlag(configuration, 'hairpinMode') ?? false;
  if (isHairpin && readFlag(configuration, 'promiscMode') === true)
    throw invalid('hairpinMode and promiscMode exclude each other');
  return {
    ...input,
    bridgeName: readText(configuration, 'bridge') ?? DEFAULT_BRIDGE_NAME,
    mtuBytes: readCount(configuration, 'mtu'),
    isGateway,
    isDefaultGateway: readFlag(configuration, 'isDefaultGateway') ?? (isGateway && routes.length === 0),
    isMasqueraded: readFlag(configuration, 'ipMasq') ?? podCidr !== undefined,
    isHairpin,
    forceAddress: readFlag(configuration, 'forceAddress') ?? false,
    clusterCidrs: parseClusterCidrs(configuration),
    rangeSets,
    routes,
    dns: readObject(configuration, 'dns') ?? readObject(ipam, 'dns'),
  };
}

function parseIpam(ipam: JsonObject): readonly (readonly AddressRange[])[] {
  const type = readText(ipam, 'type');
  if (!OWN_IPAM_TYPES.has(type)) {
    throw invalid(`the IPAM plugin ${type} is not run by this version; use ipam.type "podwire"`);
  }
  const own = readText(ipam, 'subnet') === undefined ? [] : [[requireRange(readRangeText(ipam))]];
  const listed = (readList(ipam, 'ranges') ?? []).map((set) => {
    if (!Array.isArray(set)) throw invalid('every element of ipam.ranges has to be a list of ranges');
    return (set as readonly JsonValue[]).map((range) => {
      if (!isJsonObject(range)) throw invalid('every range has to be an object with a subnet');
      return requireRange(readRangeText(range));
    });
  });
  const sets = [...own, ...listed.filter((set) => set.length > 0)];
  const conflict = findRangeConflict(sets);
  if (conflict !== undefined) throw invalid(conflict);
  return sets;
}

function readRangeText(object: JsonObject): AddressRangeText {
  return {
    subnet: readText(object, 'subnet') ?? '',
    rangeStart: readText(object, 'rangeStart'),
    rangeEnd: readText(object, 'rangeEnd'),
    gateway: readText(object, 'gateway'),
  };
}

function requireRange(text: AddressRangeText): AddressRange {
  const range = parseAddressRange(text);
  if (!range.ok) throw invalid(range.error);
  return range.value;
}

function parseRoutes(ipam: JsonObject): readonly InterfaceRoute[] {
  return (readObjects(ipam, 'routes') ?? []).map((route) => {
    const destination = parseIpPrefix(readText(route, 'dst') ?? '');
    if (destination === undefined) throw invalid(`route destination ${readText(route, 'dst')} is no prefix`);
    const gatewayText = readText(route, 'gw');
    const gateway = gatewayText === undefined ? undefined : parseIpAddress(gatewayText);
    if (gatewayText !== undefined && gateway === undefined) throw invalid(`route gateway ${gatewayText} is no address`);
    return { destination, gateway };
  });
}

/** One prefix, or several in a list or behind commas (dual stack). */
function parseClusterCidrs(configuration: JsonObject): readonly IpPrefix[] {
  const value = readKey(configuration, 'clusterCidr');
  const texts = typeof value === 'string' ? value.split(',') : (readList(configuration, 'clusterCidr') ?? []);
  return texts.map((text) => {
    const prefix = typeof text === 'string' ? parseIpPrefix(text.trim()) : undefined;
    if (prefix === undefined) throw invalid(`clusterCidr ${JSON.stringify(text)} is no prefix`);
    return prefix;
  });
}
