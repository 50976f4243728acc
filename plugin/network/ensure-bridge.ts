import { NetlinkError, type NetlinkSocket } from '#plugin/netlink/netlink-socket.ts';
import { IFF } from '#plugin/netlink/netlink-tables.ts';
import { createBridge, setLinkUp, setPromiscuous } from './change-link.ts';
import { findLink } from './find-link.ts';
import type { LinkFacts } from './link-message.ts';
import { formatMacAddress } from './mac-address.ts';
import { readVlanSettings, setVlanFiltering } from './vlan-filtering.ts';

export type BridgeDemand = {
  readonly name: string;
  /** Given at creation: otherwise it would change with the ports. */
  readonly mac: Uint8Array;
  readonly isPromiscuous: boolean;
  readonly isVlanFiltering: boolean;
};

export type EnsuredBridge = {
  readonly bridge: LinkFacts;
  /** What had to be done, as `ip` lines. Empty where all was there. */
  readonly commands: readonly string[];
};

/** The bridge cannot be used as it is; the message names the link and the reason. */
export class BridgeConflict extends Error {
  override readonly name = 'BridgeConflict';
}

/**
 * Makes sure of a bridge that is up.
 * @throws BridgeConflict where the name belongs to another kind of link
 */
export function ensureBridge(socket: NetlinkSocket, demand: BridgeDemand): EnsuredBridge {
  const commands: string[] = [];
  const bridge = findLink(socket, demand.name) ?? createMissingBridge(socket, demand, commands);
  if (bridge.kind !== 'bridge') {
    throw new BridgeConflict(`link ${demand.name} exists and is no bridge (kind ${bridge.kind ?? 'none'})`);
  }
  if (demand.isVlanFiltering) ensureVlanFiltering(socket, bridge, commands);
  if ((bridge.flags & IFF.UP) === 0) {
    setLinkUp(socket, bridge);
    commands.push(`ip link set dev ${bridge.name} up`);
  }
  if (demand.isPromiscuous && (bridge.flags & IFF.PROMISC) === 0) {
    setPromiscuous(socket, bridge);
    commands.push(`ip link set dev ${bridge.name} promisc on`);
  }
  return { bridge, commands };
}

function ensureVlanFiltering(socket: NetlinkSocket, bridge: LinkFacts, commands: string[]): void {
  if (readVlanSettings(socket, bridge).isFiltering) return;
  try {
    setVlanFiltering(socket, bridge);
  } catch (error) {
    throw explainVlanRefusal(error, bridge.name);
  }
  commands.push(`ip link set dev ${bridge.name} type bridge vlan_filtering 1`);
}

function explainVlanRefusal(error: unknown, name: string): unknown {
  if (!(error instanceof NetlinkError && error.code === 'EOPNOTSUPP')) return error;
  const message = `the kernel makes no bridge ${name} that filters VLANs: it needs CONFIG_BRIDGE_VLAN_FILTERING`;
  return new BridgeConflict(message, { cause: error });
}

function createMissingBridge(socket: NetlinkSocket, demand: BridgeDemand, commands: string[]): LinkFacts {
  const { name, mac, isVlanFiltering } = demand;
  try {
    createBridge(socket, demand);
    const filtering = isVlanFiltering ? ' vlan_filtering 1' : '';
    commands.push(`ip link add name ${name} address ${formatMacAddress(mac)} type bridge${filtering}`);
  } catch (error) {
    // Another ADD was faster: its bridge is as good as ours.
    if (!(error instanceof NetlinkError && error.code === 'EEXIST')) throw explainVlanRefusal(error, name);
  }
  const bridge = findLink(socket, name);
  if (bridge === undefined) throw new BridgeConflict(`bridge ${name} disappeared right after it was made`);
  return bridge;
}
