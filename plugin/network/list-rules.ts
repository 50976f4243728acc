import { hashText } from './hash-text.ts';
import { type AddressFamily, formatIpPrefix, type IpPrefix } from './ip-address.ts';

export type RulesDemand = {
  /** The rules carry its name as their comment. */
  readonly network: string;
  readonly bridgeName: string;
  /** What owns the gateway address: the bridge, or the VLAN link on it, which packets to and from elsewhere pass. */
  readonly gatewayLinkName: string;
  readonly subnets: readonly IpPrefix[];
  /** Traffic that leaves the subnets gets the node's address. */
  readonly isMasqueraded: boolean;
  /** Destinations that see the pod's own address all the same: the other nodes' pods. */
  readonly clusterCidrs: readonly IpPrefix[];
  /** `ipMasqBackend` of the configuration; undefined: what the node uses. */
  readonly backend: 'iptables' | 'nftables' | undefined;
};

/** One rule of ours, in one family. Prefixes as the kernel's tools print them. */
export type Rule = {
  readonly hook: RulesHook;
  readonly source?: string;
  readonly destination?: string;
  readonly inLink?: string;
  readonly outLink?: string;
  readonly verdict: 'ACCEPT' | 'RETURN' | 'MASQUERADE';
};

export type RulesHook = 'forward' | 'postrouting';

/** Names that stay for ever: an older Podwire's chains have to be recognised. */
export const RULES_CHAIN: Readonly<Record<RulesHook, string>> = {
  forward: 'PODWIRE-FORWARD',
  postrouting: 'PODWIRE-POSTROUTING',
};

const MULTICAST: Readonly<Record<AddressFamily, string>> = { inet: '224.0.0.0/4', inet6: 'ff00::/8' };

/** nft takes 128 bytes with the zero at the end, iptables 256. */
const LONGEST_COMMENT = 100;

/** The rules of one network in one family, in the order in which a packet has to meet them. */
export function listRules(demand: RulesDemand, family: AddressFamily): readonly Rule[] {
  const { bridgeName, gatewayLinkName, isMasqueraded } = demand;
  const links = [...new Set([bridgeName, gatewayLinkName])];
  const ofFamily = (prefixes: readonly IpPrefix[]): readonly string[] =>
    prefixes.filter(({ address }) => address.family === family).map(formatIpPrefix);
  const subnets = [...new Set(ofFamily(demand.subnets))];
  if (subnets.length === 0) return [];
  const exempt = [...ofFamily(demand.clusterCidrs), MULTICAST[family]];
  const masquerade = subnets.flatMap((source): readonly Rule[] => [
    ...[...new Set([source, ...exempt])].map(
      (destination): Rule => ({ hook: 'postrouting', source, destination, verdict: 'RETURN' }),
    ),
    { hook: 'postrouting', source, verdict: 'MASQUERADE' },
  ]);
  return [
    ...links.map((inLink): Rule => ({ hook: 'forward', inLink, verdict: 'ACCEPT' })),
    ...links.map((outLink): Rule => ({ hook: 'forward', outLink, verdict: 'ACCEPT' })),
    ...(isMasqueraded ? masquerade : []),
  ];
}

/** By it a network's rules are found again, also when nothing else remembers them. */
export function rulesComment(network: string): string {
  if (network.length <= LONGEST_COMMENT) return network;
  return `${network.slice(0, LONGEST_COMMENT - 17)}-${hashText(network).toString(16)}`;
}

export function familiesOf(demand: RulesDemand): readonly AddressFamily[] {
  return [...new Set(demand.subnets.map(({ address }) => address.family))];
}
