import type { JsonObject, JsonValue } from '#model/json.ts';
import {
  type AddressRange,
  type AddressRangeText,
  findRangeConflict,
  parseAddressRange,
} from '#plugin/ipam/address-range.ts';
import { nodeFs } from '#plugin/netlink/node-fs.ts';
import type { InterfaceRoute } from '#plugin/network/interface-routes.ts';
import { CNI_ERROR_CODE, CniFailure } from './cni-failure.ts';
import { parseRoutes } from './parse-routes.ts';
import { isJsonObject, readList, readObject, readText } from './read-key.ts';

/** Who gives addresses, and which. */
export type IpamConfiguration = {
  /** The name of a plugin on CNI_PATH; undefined where the addresses are ours to give, or there are none. */
  readonly ipamPlugin: string | undefined;
  /** Ours to give; empty for a network of layer 2 only, and for a delegated one. */
  readonly rangeSets: readonly (readonly AddressRange[])[];
  readonly routes: readonly InterfaceRoute[];
  readonly dns: JsonObject | undefined;
};

const OWN_IPAM = 'podwire';

/** A name, never a path: it is looked for in the directories of CNI_PATH alone. */
const PLUGIN_NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;

const invalid = (message: string): CniFailure => new CniFailure(message, { code: CNI_ERROR_CODE.configurationInvalid });

/**
 * `podcidr`, or `ipam` with one subnet or several ranges, or `ipam.type` of another plugin; without any of them the network
 * is of layer 2 only.
 * @throws CniFailure of code 7, of code 5 where ipam.resolvConf cannot be read
 */
export function parseIpamConfiguration(configuration: JsonObject): IpamConfiguration {
  const podCidr = readText(configuration, 'podcidr');
  const ipam = readObject(configuration, 'ipam') ?? {};
  const ipamPlugin = parseIpamPlugin(ipam);
  const dns = readDns(configuration);
  if (ipamPlugin !== undefined) {
    if (podCidr !== undefined) throw invalid(`podcidr and the IPAM plugin ${ipamPlugin} exclude each other`);
    return { ipamPlugin, rangeSets: [], routes: [], dns };
  }
  const rangeSets = podCidr === undefined ? parseRangeSets(ipam) : [[requireRange({ subnet: podCidr })]];
  if (rangeSets.length === 0 && readText(ipam, 'type') === OWN_IPAM)
    throw invalid('ipam.type "podwire" needs ipam.subnet or ipam.ranges');
  return {
    ipamPlugin,
    rangeSets,
    routes: parseRoutes(ipam, 'ipam'),
    dns: dns ?? readDns(ipam) ?? readResolvConf(ipam),
  };
}

function parseIpamPlugin(ipam: JsonObject): string | undefined {
  const type = readText(ipam, 'type');
  if (type === undefined || type === OWN_IPAM) return undefined;
  if (!PLUGIN_NAME.test(type)) throw invalid(`ipam.type ${JSON.stringify(type)} is no name of a plugin`);
  return type;
}

/** The plugin's name for commands that must not fail over the rest of a configuration. */
export function looselyReadIpamPlugin(configuration: JsonObject): string | undefined {
  try {
    return parseIpamPlugin(readObject(configuration, 'ipam') ?? {});
  } catch {
    return undefined;
  }
}

function parseRangeSets(ipam: JsonObject): readonly (readonly AddressRange[])[] {
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

/** An empty object is none: it hides no other. */
function readDns(object: JsonObject): JsonObject | undefined {
  const dns = readObject(object, 'dns');
  return dns === undefined || Object.keys(dns).length === 0 ? undefined : dns;
}

/** `ipam.resolvConf`: the result's dns from a file in the form of resolv.conf(5). The last `search` and `domain` count. */
function readResolvConf(ipam: JsonObject): JsonObject | undefined {
  const path = readText(ipam, 'resolvConf');
  if (path === undefined) return undefined;
  const dns: { nameservers: string[]; options: string[]; search: string[]; domain?: string } = {
    nameservers: [],
    options: [],
    search: [],
  };
  for (const line of nodeFs().readFileSync(path, 'utf8').split('\n')) {
    const [keyword, ...values] = line
      .replace(/[#;].*$/, '')
      .trim()
      .split(/\s+/);
    const [first] = values;
    if (first === undefined) continue;
    if (keyword === 'nameserver') dns.nameservers.push(first);
    else if (keyword === 'options') dns.options.push(...values);
    else if (keyword === 'search') dns.search = values;
    else if (keyword === 'domain') dns.domain = first;
  }
  return Object.fromEntries(Object.entries(dns).filter(([, value]) => value.length > 0));
}
