import type { JsonObject } from '#model/json.ts';
import { DEFAULT_BRIDGE_NAME } from '#plugin/configuration/link-names.ts';
import type { VlanMembership } from '#plugin/network/bridge-vlans.ts';
import { type IpPrefix, parseIpPrefix } from '#plugin/network/ip-address.ts';
import { isLinkName } from '#plugin/network/is-link-name.ts';
import { vlanLinkName } from '#plugin/network/vlan-link.ts';
import { CNI_ERROR_CODE, CniFailure } from './cni-failure.ts';
import type { NetworkInput } from './parse-input.ts';
import { type IpamConfiguration, parseIpamConfiguration } from './parse-ipam-configuration.ts';
import { parseVlanMembership } from './parse-vlan-membership.ts';
import { readCount, readFlag, readKey, readList, readText } from './read-key.ts';
import { requireBridgeMode } from './read-mode.ts';

/** A network in bridge mode, every default filled in. */
export type BridgeConfiguration = NetworkInput &
  IpamConfiguration & {
    readonly bridgeName: string;
    readonly mtuBytes: number | undefined;
    /** The bridge owns the gateway address. */
    readonly isGateway: boolean;
    /** Pods get a default route through it. */
    readonly isDefaultGateway: boolean;
    readonly isMasqueraded: boolean;
    /** `ipMasqBackend`, a key of the reference plugin since its 1.6; undefined: what the node uses. */
    readonly rulesBackend: 'iptables' | 'nftables' | undefined;
    readonly isHairpin: boolean;
    readonly isPromiscuous: boolean;
    readonly isPortIsolated: boolean;
    readonly vlans: VlanMembership | undefined;
    /** IPv6 addresses are asked about before they are used. */
    readonly hasDuplicateDetection: boolean;
    /** The pod's end is left down, for who sets it up inside. */
    readonly isPodVethDown: boolean;
    readonly forceAddress: boolean;
    readonly clusterCidrs: readonly IpPrefix[];
  };

const invalid = (message: string): CniFailure => new CniFailure(message, { code: CNI_ERROR_CODE.configurationInvalid });

/**
 * Two forms: the short one, `podcidr`, where everything follows from the node's pod range, and the standard one with
 * `ipam`. The short one masquerades unless told otherwise; the standard one, like the reference plugin, only when asked to.
 * Where another plugin gives the addresses, bridge and pods become gateway and default route only when asked to: with DHCP
 * the gateway is somebody else's.
 * @throws CniFailure of code 7, of code 5 where a file it names cannot be read
 */
export function parseBridgeConfiguration(input: NetworkInput): BridgeConfiguration {
  const { configuration } = input;
  requireBridgeMode(configuration);
  const bridgeName = readText(configuration, 'bridge') ?? DEFAULT_BRIDGE_NAME;
  if (!isLinkName(bridgeName)) throw invalid(`bridge ${JSON.stringify(bridgeName)} is no name that a link can have`);
  const ipam = parseIpamConfiguration(configuration);
  const isDelegated = ipam.ipamPlugin !== undefined;
  const isDefaultGateway = readFlag(configuration, 'isDefaultGateway');
  const isGateway = isDefaultGateway === true || (readFlag(configuration, 'isGateway') ?? !isDelegated);
  const isHairpin = readFlag(configuration, 'hairpinMode') ?? false;
  const isPromiscuous = readFlag(configuration, 'promiscMode') ?? false;
  const isPodVethDown = readFlag(configuration, 'disableContainerInterface') ?? false;
  if (isPodVethDown && (isDelegated || ipam.rangeSets.length > 0))
    throw invalid('disableContainerInterface leaves the link down, so the network can have no ipam and no podcidr');
  if (readFlag(configuration, 'macspoofchk') === true) throw macSpoofCheckUnsupported();
  if (isHairpin && isPromiscuous) throw invalid('hairpinMode and promiscMode exclude each other');
  return {
    ...input,
    ...ipam,
    bridgeName,
    mtuBytes: parseMtu(configuration),
    isGateway,
    isDefaultGateway: isDefaultGateway ?? (isGateway && !isDelegated && ipam.routes.length === 0),
    isMasqueraded: readFlag(configuration, 'ipMasq') ?? readText(configuration, 'podcidr') !== undefined,
    rulesBackend: parseRulesBackend(readText(configuration, 'ipMasqBackend')),
    isHairpin,
    isPromiscuous,
    isPortIsolated: readFlag(configuration, 'portIsolation') ?? false,
    vlans: parseVlans(configuration, bridgeName),
    hasDuplicateDetection: readFlag(configuration, 'enabledad') ?? false,
    isPodVethDown,
    forceAddress: readFlag(configuration, 'forceAddress') ?? false,
    clusterCidrs: parseClusterCidrs(configuration),
  };
}

function parseRulesBackend(text: string | undefined): 'iptables' | 'nftables' | undefined {
  if (text === undefined || text === 'iptables' || text === 'nftables') return text;
  throw invalid(`ipMasqBackend has to be "iptables" or "nftables", not ${JSON.stringify(text)}`);
}

/** IFNAMSIZ without the zero at the end. include/uapi/linux/if.h */
const LONGEST_LINK_NAME = 15;

function parseVlans(configuration: JsonObject, bridgeName: string): VlanMembership | undefined {
  const vlans = parseVlanMembership(configuration);
  const linkName = gatewayLinkName({ bridgeName, vlans });
  if (linkName.length <= LONGEST_LINK_NAME) return vlans;
  throw invalid(
    `bridge ${bridgeName} has too long a name for its VLAN link ${linkName}: ${LONGEST_LINK_NAME} bytes are the limit`,
  );
}

/** Where the gateway address of the pods belongs: the bridge, or the VLAN link on it. */
export function gatewayLinkName({ bridgeName, vlans }: Pick<BridgeConfiguration, 'bridgeName' | 'vlans'>): string {
  return vlans?.access === undefined ? bridgeName : vlanLinkName(bridgeName, vlans.access);
}

/** The same for DEL, which must not fail over the rest of a configuration. */
export function looselyReadGatewayLinkName(configuration: JsonObject): string {
  const bridge = readKey(configuration, 'bridge');
  const vlan = readKey(configuration, 'vlan');
  const bridgeName = typeof bridge === 'string' && bridge !== '' ? bridge : DEFAULT_BRIDGE_NAME;
  return typeof vlan === 'number' && vlan > 0 ? vlanLinkName(bridgeName, vlan) : bridgeName;
}

/** ETH_MIN_MTU, and the largest that a veth takes: ETH_MAX_MTU. include/uapi/linux/if_ether.h */
const MTU_LIMITS = { least: 68, most: 65_535 } as const;

function parseMtu(configuration: JsonObject): number | undefined {
  const mtuBytes = readCount(configuration, 'mtu');
  if (mtuBytes === undefined || (mtuBytes >= MTU_LIMITS.least && mtuBytes <= MTU_LIMITS.most)) return mtuBytes;
  throw invalid(`mtu ${mtuBytes} is not between ${MTU_LIMITS.least} and ${MTU_LIMITS.most}`);
}

/** Who asks for a protection must not believe to have it. */
const macSpoofCheckUnsupported = (): CniFailure =>
  new CniFailure('macspoofchk is not supported: leave it out, or use the reference bridge plugin for this network', {
    code: CNI_ERROR_CODE.unsupportedField,
  });

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
