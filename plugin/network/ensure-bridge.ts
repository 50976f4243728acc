import { NetlinkError, type NetlinkSocket } from '#plugin/netlink/netlink-socket.ts';
import { IFF } from '#plugin/netlink/netlink-tables.ts';
import { createBridge, setLinkUp, setPromiscuous } from './change-link.ts';
import { findLink } from './find-link.ts';
import type { LinkFacts } from './link-message.ts';
import { formatMacAddress } from './mac-address.ts';

export type BridgeDemand = {
  readonly name: string;
  /** Given at creation: otherwise it would change with the ports. */
  readonly mac: Uint8Array;
  readonly isPromiscuous: boolean;
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

function createMissingBridge(socket: NetlinkSocket, { name, mac }: BridgeDemand, commands: string[]): LinkFacts {
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
