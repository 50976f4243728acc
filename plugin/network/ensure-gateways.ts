import { readText, writeTextFile } from '#plugin/netlink/file-calls.ts';
import type { NetlinkSocket } from '#plugin/netlink/netlink-socket.ts';
import { BridgeConflict } from './ensure-bridge.ts';
import { deleteAddress, ensureAddress, listAddresses } from './interface-addresses.ts';
import { type AddressFamily, containsAddress, formatIpPrefix, type IpPrefix, isSameAddress } from './ip-address.ts';
import type { LinkFacts } from './link-message.ts';

export type GatewayDemand = {
  /** The gateway address of each subnet. */
  readonly gateways: readonly IpPrefix[];
  /** Removes an address of another subnet instead of refusing. */
  readonly forceAddress: boolean;
};

/** Forwarding between interfaces, per address family, in the namespace of the process. */
export const FORWARDING_SYSCTL: Readonly<Record<AddressFamily, { readonly key: string; readonly path: string }>> = {
  inet: { key: 'net.ipv4.ip_forward', path: '/proc/sys/net/ipv4/ip_forward' },
  inet6: { key: 'net.ipv6.conf.all.forwarding', path: '/proc/sys/net/ipv6/conf/all/forwarding' },
};

/**
 * Makes sure that the bridge, or the VLAN link on it, owns the gateway addresses, and that the node forwards.
 * @returns what had to be done, as `ip` and `sysctl` lines; empty where all was there
 * @throws BridgeConflict where the link has an address of another subnet
 */
export function ensureGateways(
  socket: NetlinkSocket,
  link: LinkFacts,
  { gateways, forceAddress }: GatewayDemand,
): readonly string[] {
  if (gateways.length === 0) return [];
  const commands: string[] = [];
  const present = listAddresses(socket, link);
  const missing = gateways.filter((gateway) => !present.some((prefix) => isSamePrefix(prefix, gateway)));
  const isInetMissing = missing.some(({ address }) => address.family === 'inet');
  for (const other of isInetMissing ? present.filter((prefix) => isForeignSubnet(prefix, gateways)) : []) {
    if (!forceAddress) {
      const wanted = missing.map(formatIpPrefix).join(', ');
      throw new BridgeConflict(
        `bridge ${link.name} has ${formatIpPrefix(other)} already, which is another subnet than ${wanted}`,
      );
    }
    deleteAddress(socket, link, other);
    commands.push(`ip address del ${formatIpPrefix(other)} dev ${link.name}`);
  }
  for (const gateway of missing) {
    if (ensureAddress(socket, link, gateway)) commands.push(describeAddress(gateway, link.name));
  }
  for (const family of new Set(gateways.map(({ address }) => address.family))) {
    if (ensureForwarding(family)) commands.push(`sysctl -w ${FORWARDING_SYSCTL[family].key}=1`);
  }
  return commands;
}

const isSamePrefix = (one: IpPrefix, other: IpPrefix): boolean =>
  one.length === other.length && isSameAddress(one.address, other.address);

function describeAddress(prefix: IpPrefix, linkName: string): string {
  const flags = prefix.address.family === 'inet' ? 'brd +' : 'nodad';
  return `ip address add ${formatIpPrefix(prefix)} ${flags} dev ${linkName}`;
}

/** IPv6 bridges always have a link-local address, and several subnets do no harm there. */
function isForeignSubnet(prefix: IpPrefix, gateways: readonly IpPrefix[]): boolean {
  return prefix.address.family === 'inet' && !gateways.some((gateway) => containsAddress(gateway, prefix.address));
}

export function isForwarding(family: AddressFamily): boolean {
  return readText(FORWARDING_SYSCTL[family].path).trim() === '1';
}

function ensureForwarding(family: AddressFamily): boolean {
  if (isForwarding(family)) return false;
  writeTextFile(FORWARDING_SYSCTL[family].path, '1');
  return true;
}
