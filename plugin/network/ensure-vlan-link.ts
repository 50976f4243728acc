import { NetlinkError, type NetlinkRequest, type NetlinkSocket } from '#plugin/netlink/netlink-socket.ts';
import { IFF } from '#plugin/netlink/netlink-tables.ts';
import { describeBridgeVlan } from './bridge-vlans.ts';
import { setLinkUp } from './change-link.ts';
import { BridgeConflict } from './ensure-bridge.ts';
import { findLink } from './find-link.ts';
import type { LinkFacts } from './link-message.ts';
import { describeVlanLink, vlanLinkName } from './vlan-link.ts';

/**
 * Makes sure of the link through which the node takes part in one VLAN of a filtering bridge: that is where the gateway
 * address of pods in this VLAN belongs.
 * @returns the link, and what had to be done as `ip` lines
 * @throws BridgeConflict where the name belongs to another link
 */
export function ensureVlanLink(
  socket: NetlinkSocket,
  bridge: LinkFacts,
  vlan: number,
): { readonly link: LinkFacts; readonly commands: readonly string[] } {
  const name = vlanLinkName(bridge.name, vlan);
  const commands: string[] = [];
  let link = findLink(socket, name);
  if (link === undefined) {
    createUnlessThere(socket, describeVlanLink(bridge, vlan));
    commands.push(`ip link add link ${bridge.name} name ${name} type vlan id ${vlan}`);
    link = findLink(socket, name);
  }
  if (link?.kind !== 'vlan' || link.peerIndex !== bridge.index) {
    throw new BridgeConflict(`link ${name} exists and is no VLAN link of ${bridge.name}: rename or delete it`);
  }
  socket.request(describeBridgeVlan(bridge, vlan));
  commands.push(`bridge vlan add vid ${vlan} dev ${bridge.name} self`);
  if ((link.flags & IFF.UP) === 0) {
    setLinkUp(socket, link);
    commands.push(`ip link set dev ${name} up`);
  }
  return { link, commands };
}

/** Another ADD may be faster: its link is as good as ours. */
function createUnlessThere(socket: NetlinkSocket, request: NetlinkRequest): void {
  try {
    socket.request(request);
  } catch (error) {
    if (!(error instanceof NetlinkError && error.code === 'EEXIST')) throw error;
  }
}
