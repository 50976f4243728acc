import type { NetlinkSocket } from '#plugin/netlink/netlink-socket.ts';
import { IFF } from '#plugin/netlink/netlink-tables.ts';
import { deleteLink } from '#plugin/network/change-link.ts';
import { addAddress, deleteAddress, listAddresses } from '#plugin/network/interface-addresses.ts';
import { formatIpAddress, formatIpPrefix, type IpPrefix, isSameAddress } from '#plugin/network/ip-address.ts';
import type { LinkFacts } from '#plugin/network/link-message.ts';
import { deleteEntry, listEntries, type OverlayEntry, replaceEntry } from '#plugin/network/overlay-entries.ts';
import { adjustLink, createVxlanLink, findVxlanLink, type VxlanFacts } from '#plugin/network/vxlan-link.ts';
import type { PlannedOverlay } from './node-network-plan.ts';
import { type Observation, observeRight } from './observation.ts';

/** The overlay's link itself. What cannot be changed in use (id, port, addresses) is made anew. */
export function observeOverlayLink(socket: NetlinkSocket, plan: PlannedOverlay): Observation {
  const { linkName, id, port, local, mac, mtuBytes } = plan;
  const about = {
    kind: 'link',
    object: linkName,
    wanted: `id ${id} port ${port} local ${formatIpAddress(local)} mac ${mac} mtu ${mtuBytes}`,
  } as const;
  const present = findVxlanLink(socket, linkName);
  const wish = { name: linkName, mac, mtuBytes, id, port, local };
  const creation = `ip link add ${linkName} address ${mac} mtu ${mtuBytes} up type vxlan id ${id} dstport ${port} local ${formatIpAddress(local)} nolearning`;
  if (present === undefined) {
    return { ...about, state: 'missing', command: creation, repair: () => createVxlanLink(socket, wish) };
  }
  if (isSameTunnel(present, plan)) {
    if ((present.flags & IFF.UP) !== 0 && present.mtuBytes === mtuBytes) return observeRight(about);
    const command = `ip link set dev ${linkName} mtu ${mtuBytes} up`;
    return { ...about, state: 'changed', command, repair: () => adjustLink(socket, present, mtuBytes) };
  }
  const repair = (): void => {
    if (present.kind !== 'vxlan') {
      throw new Error(
        `link ${linkName} exists and is no VXLAN link (kind ${present.kind ?? 'none'}): rename or delete it`,
      );
    }
    deleteLink(socket, present);
    createVxlanLink(socket, wish);
  };
  return { ...about, state: 'changed', command: `ip link del ${linkName} && ${creation}`, repair };
}

function isSameTunnel({ vxlan, mac: presentMac }: VxlanFacts, { id, port, local, mac }: PlannedOverlay): boolean {
  if (vxlan === undefined || vxlan.isLearning || presentMac !== mac) return false;
  return vxlan.id === id && vxlan.port === port && vxlan.local !== undefined && isSameAddress(vxlan.local, local);
}

/** A link of ours that no plan has any more; empty where there is none. */
export function observeAbandonedOverlay(socket: NetlinkSocket, linkName: string): readonly Observation[] {
  const present = findVxlanLink(socket, linkName);
  if (present?.kind !== 'vxlan') return [];
  const repair = (): void => deleteLink(socket, present);
  return [
    { kind: 'link', object: linkName, wanted: '', state: 'left-over', command: `ip link del ${linkName}`, repair },
  ];
}

/** The node's own addresses on the overlay: what it sends to other nodes' pods comes from them, so that answers come back that way. */
export function observeOverlayAddresses(
  socket: NetlinkSocket,
  link: LinkFacts,
  wanted: readonly IpPrefix[],
): readonly Observation[] {
  const present = listAddresses(socket, link).filter((prefix) => !isLinkLocal(prefix));
  const isSame = (one: IpPrefix) => (other: IpPrefix) =>
    one.length === other.length && isSameAddress(one.address, other.address);
  const describe = (prefix: IpPrefix) => ({
    kind: 'link' as const,
    object: `${formatIpPrefix(prefix)} on ${link.name}`,
  });
  const own = wanted.map((prefix): Observation => {
    const about = { ...describe(prefix), wanted: 'address' };
    if (present.some(isSame(prefix))) return observeRight(about);
    const command = `ip address add ${formatIpPrefix(prefix)} dev ${link.name}`;
    return { ...about, state: 'missing', command, repair: () => addAddress(socket, link, { prefix }) };
  });
  const extra = present.filter((prefix) => !wanted.some(isSame(prefix)));
  return [
    ...own,
    ...extra.map((prefix): Observation => {
      const command = `ip address del ${formatIpPrefix(prefix)} dev ${link.name}`;
      const repair = (): void => deleteAddress(socket, link, prefix);
      return { ...describe(prefix), wanted: '', state: 'left-over', command, repair };
    }),
  ];
}

const isLinkLocal = ({ address }: IpPrefix): boolean =>
  address.family === 'inet6' && address.value >> 118n === 0xfe80n >> 6n;

/** Whom the overlay reaches: neighbours and fdb, new ones before old ones go. */
export function observeOverlayEntries(
  socket: NetlinkSocket,
  link: LinkFacts,
  peers: PlannedOverlay['peers'],
): readonly Observation[] {
  const wanted = peers.flatMap(({ mac, remote, gateways }): readonly OverlayEntry[] => [
    { kind: 'fdb', mac, address: remote },
    ...gateways.map((address): OverlayEntry => ({ kind: 'neighbour', mac, address })),
  ]);
  const present = new Map(listEntries(socket, link).map((entry) => [identify(entry), entry]));
  const own = wanted.map((entry): Observation => {
    const known = present.get(identify(entry));
    present.delete(identify(entry));
    const about = { kind: entry.kind, object: describe(entry, link), wanted: formatEntry(entry) };
    if (known !== undefined && formatEntry(known) === formatEntry(entry)) return observeRight(about);
    return {
      ...about,
      state: known === undefined ? 'missing' : 'changed',
      command: describeCommand('replace', entry, link),
      repair: () => replaceEntry(socket, link, entry),
    };
  });
  const extra = [...present.values()].map((entry): Observation => {
    const repair = (): void => void deleteEntry(socket, link, entry);
    const command = describeCommand('del', entry, link);
    return { kind: entry.kind, object: describe(entry, link), wanted: '', state: 'left-over', command, repair };
  });
  return [...own, ...extra];
}

const formatEntry = ({ mac, address }: OverlayEntry): string => `${mac} ${formatIpAddress(address)}`;

/** The fdb goes by the MAC, neighbours by the address. */
const identify = ({ kind, mac, address }: OverlayEntry): string =>
  `${kind} ${kind === 'fdb' ? mac : formatIpAddress(address)}`;

const describe = ({ kind, mac, address }: OverlayEntry, { name }: LinkFacts): string =>
  `${kind === 'fdb' ? mac : formatIpAddress(address)} on ${name}`;

function describeCommand(verb: 'replace' | 'del', { kind, mac, address }: OverlayEntry, { name }: LinkFacts): string {
  const ip = formatIpAddress(address);
  if (kind === 'fdb') return `bridge fdb ${verb} ${mac} dev ${name} dst ${ip} self permanent`;
  return verb === 'del'
    ? `ip neighbour del ${ip} dev ${name}`
    : `ip neighbour replace ${ip} lladdr ${mac} dev ${name} nud permanent`;
}
