import { NetlinkError } from '#plugin/netlink/netlink-socket.ts';
import { setPortFlags } from '#plugin/network/bridge-port.ts';
import { describePortVlans, describeVlanRemoval, type VlanMembership } from '#plugin/network/bridge-vlans.ts';
import { attachLink, createVethPair, deleteLink } from '#plugin/network/change-link.ts';
import { findLink } from '#plugin/network/find-link.ts';
import type { LinkFacts } from '#plugin/network/link-message.ts';
import { formatMacAddress } from '#plugin/network/mac-address.ts';
import { readVlanSettings } from '#plugin/network/vlan-filtering.ts';
import { type Attachment, requireLink } from './attachment.ts';
import { CNI_ERROR_CODE, CniFailure } from './cni-failure.ts';
import { HOST_VETH_ATTEMPTS, hostVethGroup, hostVethMac, hostVethName, isHostVethOf } from './host-veth.ts';
import type { InvocationContext } from './invocation-context.ts';

/** Makes the pair, the pod's end in the pod's namespace at once. @returns the host's end */
export function createVeth({ context, configuration, owner, pod }: Attachment, podMac: Uint8Array): LinkFacts {
  return context.steps.run('veth.create', (notes) => {
    const { mtuBytes } = configuration;
    const group = hostVethGroup(configuration.name);
    const hostMac = hostVethMac(owner);
    const mtu = mtuBytes === undefined ? '' : ` mtu ${mtuBytes}`;
    for (let attempt = 0; attempt < HOST_VETH_ATTEMPTS; attempt += 1) {
      const name = hostVethName(owner, attempt);
      notes.object = name;
      notes.command =
        `ip link add ${name} group ${group} address ${formatMacAddress(hostMac)}${mtu} type veth` +
        ` peer name ${owner.ifName} address ${formatMacAddress(podMac)}${mtu} netns ${pod.handle.path}`;
      try {
        const ends = { hostVeth: { name, mac: hostMac }, podVeth: { name: owner.ifName, mac: podMac } };
        createVethPair(context.host, { ...ends, group, namespaceFd: pod.handle.fd, mtuBytes });
      } catch (error) {
        if (!(error instanceof NetlinkError && error.code === 'EEXIST')) throw error;
        if (!isTakenByStranger({ context, owner, name })) throw error;
        continue;
      }
      const hostVeth = requireLink(findLink(context.host, name), name);
      notes.onUndo(() => deleteLink(context.host, hostVeth));
      return hostVeth;
    }
    throw new CniFailure(`every host veth name of ${owner.containerId} is taken`, {
      code: CNI_ERROR_CODE.interfaceExists,
    });
  });
}

/**
 * Whether the name on the host is taken by a link that is not this attachment's; then the next name is tried.
 * @throws CniFailure of code 105 where the attachment itself has it: it may be in use, and DEL tells
 */
function isTakenByStranger({
  context,
  owner,
  name,
}: Pick<Attachment, 'context' | 'owner'> & { readonly name: string }): boolean {
  const link = findLink(context.host, name);
  if (link === undefined) return false;
  if (!isHostVethOf(owner, link)) return true;
  const { ifName, containerId } = owner;
  throw new CniFailure(`${ifName} of container ${containerId} is attached already by ${name}: send DEL for it first`, {
    code: CNI_ERROR_CODE.interfaceExists,
  });
}

/** Makes the host's end a port of the bridge. */
export function attachVeth({ context, configuration }: Attachment, hostVeth: LinkFacts, bridge: LinkFacts): void {
  context.steps.run('veth.attach', (notes) => {
    notes.object = hostVeth.name;
    notes.command = `ip link set dev ${hostVeth.name} master ${bridge.name} up`;
    attachLink(context.host, hostVeth, bridge);
    const { isHairpin, isPortIsolated: isIsolated, vlans } = configuration;
    if (vlans !== undefined) notes.command += joinVlans(context, { hostVeth, bridge, vlans });
    if (!isHairpin && !isIsolated) return;
    const flags = `${isHairpin ? ' hairpin on' : ''}${isIsolated ? ' isolated on' : ''}`;
    notes.command += ` && bridge link set dev ${hostVeth.name}${flags}`;
    setPortFlags(context.host, hostVeth, { isHairpin, isIsolated });
  });
}

type VlanPort = { readonly hostVeth: LinkFacts; readonly bridge: LinkFacts; readonly vlans: VlanMembership };

/** @returns the `bridge` lines that do the same, each with ` && ` in front */
function joinVlans({ host }: InvocationContext, { hostVeth, bridge, vlans }: VlanPort): string {
  const { access, trunk, isDefaultKept } = vlans;
  const { defaultVlan } = readVlanSettings(host, bridge);
  const lines: string[] = [];
  if (!isDefaultKept && defaultVlan !== 0) {
    host.request(describeVlanRemoval(hostVeth, defaultVlan));
    lines.push(`bridge vlan del vid ${defaultVlan} dev ${hostVeth.name}`);
  }
  host.request(describePortVlans(hostVeth, vlans));
  if (access !== undefined) lines.push(`bridge vlan add vid ${access} pvid untagged dev ${hostVeth.name}`);
  for (const { first, last } of trunk)
    lines.push(`bridge vlan add vid ${first === last ? first : `${first}-${last}`} dev ${hostVeth.name}`);
  return lines.map((line) => ` && ${line}`).join('');
}
