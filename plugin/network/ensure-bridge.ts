import { readFileSync, writeFileSync } from 'node:fs';
import { NetlinkError, type NetlinkSocket } from '#plugin/netlink/netlink-socket.ts';
import { IFF } from '#plugin/netlink/netlink-tables.ts';
import { createBridge, setLinkUp } from './change-link.ts';
import { findLink } from './find-link.ts';
import { deleteAddress, ensureAddress, listAddresses } from './interface-addresses.ts';
import { type AddressFamily, containsAddress, formatIpPrefix, type IpPrefix, isSameAddress } from './ip-address.ts';
import type { LinkFacts } from './link-message.ts';
import { deriveMacAddress, formatMacAddress } from './mac-address.ts';

export type BridgeDemand = {
  readonly name: string;
  /** The gateway address of each subnet, empty for a bridge without addresses. */
  readonly gateways: readonly IpPrefix[];
  /** Removes an address of another subnet instead of refusing. */
  readonly forceAddress: boolean;
};

export type EnsuredBridge = {
  readonly bridge: LinkFacts;
  /** What had to be done, as `ip` and `sysctl` lines. Empty where all was there. */
  readonly commands: readonly string[];
};

/** The bridge cannot be used as it is; the message names the link and the reason. */
export class BridgeConflict extends Error {
  override readonly name = 'BridgeConflict';
}

/** Forwarding between interfaces, per address family, in the namespace of the process. */
const FORWARDING_SYSCTL: Readonly<Record<AddressFamily, { readonly key: string; readonly path: string }>> = {
  inet: { key: 'net.ipv4.ip_forward', path: '/proc/sys/net/ipv4/ip_forward' },
  inet6: { key: 'net.ipv6.conf.all.forwarding', path: '/proc/sys/net/ipv6/conf/all/forwarding' },
};

/**
 * Makes sure of a bridge that is up and owns the gateway addresses, and of forwarding.
 * Its MAC is given at creation, derived from the first gateway: otherwise it would change with the ports.
 * @throws BridgeConflict where the name belongs to another kind of link, or the bridge to another subnet
 */
export function ensureBridge(socket: NetlinkSocket, demand: BridgeDemand): EnsuredBridge {
  const commands: string[] = [];
  const bridge = findLink(socket, demand.name) ?? createMissingBridge(socket, demand, commands);
  if (bridge.kind !== 'bridge') {
    throw new BridgeConflict(`link ${demand.name} exists and is no bridge (kind ${bridge.kind ?? 'none'})`);
  }
  if ((bridge.flags & IFF.UP) === 0) {
    setLinkUp(socket, bridge);
    commands.push(`ip link set dev ${bridge.name} up`);
  }
  ensureGateways(socket, bridge, { ...demand, commands });
  for (const family of new Set(demand.gateways.map(({ address }) => address.family))) {
    if (ensureForwarding(family)) commands.push(`sysctl -w ${FORWARDING_SYSCTL[family].key}=1`);
  }
  return { bridge, commands };
}

function createMissingBridge(socket: NetlinkSocket, { name, gateways }: BridgeDemand, commands: string[]): LinkFacts {
  const mac = deriveMacAddress(gateways[0]?.address ?? { family: 'inet', value: 0n });
  try {
    createBridge(socket, name, mac);
    commands.push(`ip link add name ${name} address ${formatMacAddress(mac)} type bridge`);
  } catch (error) {
    // Another ADD was faster: its bridge is as good as ours.
    if (!(error instanceof NetlinkError && error.code === 'EEXIST')) throw error;
  }
  const bridge = findLink(socket, name);
  if (bridge === undefined) throw new BridgeConflict(`bridge ${name} disappeared right after it was made`);
  return bridge;
}

function ensureGateways(
  socket: NetlinkSocket,
  bridge: LinkFacts,
  { gateways, forceAddress, commands }: BridgeDemand & { readonly commands: string[] },
): void {
  if (gateways.length === 0) return;
  const present = listAddresses(socket, bridge);
  for (const gateway of gateways) {
    if (present.some((prefix) => prefix.length === gateway.length && isSameAddress(prefix.address, gateway.address)))
      continue;
    for (const other of present) {
      if (!isForeignSubnet(other, gateways)) continue;
      if (!forceAddress) {
        throw new BridgeConflict(
          `bridge ${bridge.name} has ${formatIpPrefix(other)} already, which is another subnet than ${formatIpPrefix(gateway)}`,
        );
      }
      deleteAddress(socket, bridge, other);
      commands.push(`ip address del ${formatIpPrefix(other)} dev ${bridge.name}`);
    }
    if (ensureAddress(socket, bridge, gateway)) commands.push(describeAddress(gateway, bridge.name));
  }
}

function describeAddress(prefix: IpPrefix, linkName: string): string {
  const flags = prefix.address.family === 'inet' ? 'brd +' : 'nodad';
  return `ip address add ${formatIpPrefix(prefix)} ${flags} dev ${linkName}`;
}

/** IPv6 bridges always have a link-local address, and several subnets do no harm there. */
function isForeignSubnet(prefix: IpPrefix, gateways: readonly IpPrefix[]): boolean {
  return prefix.address.family === 'inet' && !gateways.some((gateway) => containsAddress(gateway, prefix.address));
}

function ensureForwarding(family: AddressFamily): boolean {
  const { path } = FORWARDING_SYSCTL[family];
  if (readFileSync(path, 'utf8').trim() === '1') return false;
  writeFileSync(path, '1');
  return true;
}
