import { hasFreeAddresses } from '#plugin/ipam/reserve-addresses.ts';
import { readText } from '#plugin/netlink/file-calls.ts';
import { IFF } from '#plugin/netlink/netlink-tables.ts';
import { FORWARDING_SYSCTL } from '#plugin/network/ensure-gateways.ts';
import { findRulesObstacle } from '#plugin/network/find-rules-obstacle.ts';
import type { LinkFacts } from '#plugin/network/link-message.ts';
import { listLinks } from '#plugin/network/list-links.ts';
import { classifyError } from './classify-error.ts';
import { CNI_ERROR_CODE, CniFailure } from './cni-failure.ts';
import { delegateStatus } from './delegate-ipam.ts';
import { hostVethGroup, listAttachedOwners } from './host-veth.ts';
import type { InvocationContext } from './invocation-context.ts';
import { type BridgeConfiguration, parseBridgeConfiguration } from './parse-bridge-configuration.ts';

/** BR_MAX_PORTS less the number 0, net/bridge/br_private.h */
const BRIDGE_PORTS = 1023;

/** Runtimes ask every few seconds: pods that come meanwhile shall still find a port. */
const SPARE_PORTS = 8;

/**
 * Whether an ADD could work now. What the next ADD mends is no reason to refuse: a kubelet that is told so starts no pod, and
 * nothing would ever mend it.
 * @throws CniFailure of code 50: the configuration cannot be used, the bridge's name is another link's or its ports are used up,
 * no address is left, no program can set rules, or an IPAM plugin says so; of code 51 where besides pods are cut off: the
 * bridge is gone or down, nothing is forwarded. CNI specification 1.1.0, section "Error"
 */
export function reportStatus(context: InvocationContext): void {
  const configuration = parseUsable(context);
  context.steps.run('status.check', (notes) => {
    const { bridgeName, name } = configuration;
    notes.object = bridgeName;
    const links = listLinks(context.host);
    const bridge = links.find((link) => link.name === bridgeName);
    const obstacles = [
      findBridgeObstacle(configuration, bridge, links),
      findAddressObstacle(context, configuration),
      findMissingProgram(configuration),
    ].filter((text) => text !== undefined);
    if (obstacles.length === 0) return;
    const hasPods = links.some(({ kind, group }) => kind === 'veth' && group === hostVethGroup(name));
    const faults = hasPods ? [findBridgeFault(configuration, bridge), findForwardingFault(configuration)] : [];
    const degradation = faults.filter((text) => text !== undefined);
    throw new CniFailure([...obstacles, ...degradation].join('; '), {
      code: degradation.length > 0 ? CNI_ERROR_CODE.limitedConnectivity : CNI_ERROR_CODE.notAvailable,
    });
  });
  if (configuration.ipamPlugin !== undefined) delegateStatus(context, configuration.ipamPlugin);
}

/** A network of layer 2 only needs no rules. */
function findMissingProgram({ rangeSets, ipamPlugin, rulesBackend }: BridgeConfiguration): string | undefined {
  return rangeSets.length > 0 || ipamPlugin !== undefined ? findRulesObstacle(rulesBackend) : undefined;
}

function parseUsable(context: InvocationContext): BridgeConfiguration {
  try {
    return parseBridgeConfiguration(context.input);
  } catch (error) {
    const { message, details } = classifyError(error);
    throw new CniFailure(message, { code: CNI_ERROR_CODE.notAvailable, details, cause: error });
  }
}

function findBridgeObstacle(
  { bridgeName }: BridgeConfiguration,
  bridge: LinkFacts | undefined,
  links: readonly LinkFacts[],
): string | undefined {
  if (bridge === undefined) return undefined;
  if (bridge.kind !== 'bridge') return `link ${bridgeName} exists and is no bridge: give the network another bridge`;
  const used = links.filter(({ masterIndex }) => masterIndex === bridge.index).length;
  if (used < BRIDGE_PORTS - SPARE_PORTS) return undefined;
  return `bridge ${bridgeName} has ${used} ports, the kernel allows ${BRIDGE_PORTS}: move pods to another node`;
}

function findAddressObstacle(context: InvocationContext, { name, rangeSets }: BridgeConfiguration): string | undefined {
  if (rangeSets.length === 0) return undefined;
  const listAttached = () => listAttachedOwners(context.host);
  if (hasFreeAddresses(context.openStore(), { rangeSets, listAttached })) return undefined;
  return `no address is left in network ${name}: enlarge its range, or delete pods`;
}

function findBridgeFault({ bridgeName }: BridgeConfiguration, bridge: LinkFacts | undefined): string | undefined {
  if (bridge === undefined) return `bridge ${bridgeName} is gone, pods on it are cut off: start them anew`;
  if ((bridge.flags & IFF.UP) !== 0) return undefined;
  return `bridge ${bridgeName} is down, pods on it are cut off: ip link set dev ${bridgeName} up`;
}

/** As ADD sets it: only where the bridge is a gateway does anything leave it. */
function findForwardingFault({ isGateway, rangeSets }: BridgeConfiguration): string | undefined {
  if (!isGateway) return undefined;
  const families = new Set(rangeSets.flat().map(({ subnet }) => subnet.address.family));
  for (const family of families) {
    const { key, path } = FORWARDING_SYSCTL[family];
    if (readText(path).trim() === '0') return `pods reach nothing beyond the node: sysctl -w ${key}=1`;
  }
  return undefined;
}
