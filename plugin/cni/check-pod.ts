import { readPortFlags } from '#plugin/network/bridge-port.ts';
import { listPortVlans } from '#plugin/network/bridge-vlans.ts';
import { findLink } from '#plugin/network/find-link.ts';
import { listAddresses } from '#plugin/network/interface-addresses.ts';
import {
  describeRoute,
  formatDestination,
  type InterfaceRoute,
  isRouteAsAsked,
  listRoutes,
} from '#plugin/network/interface-routes.ts';
import { formatIpPrefix, isSameAddress } from '#plugin/network/ip-address.ts';
import type { LinkFacts } from '#plugin/network/link-message.ts';
import { type AttachmentCheck, differs, listPodAddresses, requireMac, requireUp } from './attachment-check.ts';
import { describeIpCommand } from './describe-ip-command.ts';
import { findHostVeth } from './host-veth.ts';

/** Both ends of the pair: that they are one, up, and the host's one a port of the bridge with the flags asked for. */
export function checkVeth(check: AttachmentCheck, bridge: LinkFacts): LinkFacts {
  const { context, configuration, owner, pod, previous } = check;
  return context.steps.run('veth.check', (notes) => {
    const netns = context.environment.netns ?? '';
    notes.object = owner.ifName;
    notes.command = `${describeIpCommand(netns)} -d link show dev ${owner.ifName}`;
    const expected = previous.interfaces.find(({ name, sandbox }) => name === owner.ifName && sandbox !== undefined);
    if (expected === undefined) throw differs(`prevResult has no interface ${owner.ifName} in a sandbox`);
    if (expected.sandbox !== netns)
      throw differs(`prevResult has the sandbox ${expected.sandbox}, CNI_NETNS is ${netns}`);
    const podVeth = findLink(pod.socket, owner.ifName);
    if (podVeth === undefined) throw differs(`interface ${owner.ifName} is gone from ${netns}`);
    if (podVeth.kind !== 'veth') throw differs(`interface ${owner.ifName} in ${netns} is no veth`);
    requireMac(podVeth, expected);
    if (!configuration.isPodVethDown) requireUp(podVeth);
    const hostVeth = findHostVeth(context.host, owner);
    const port = requireAttached({ hostVeth, podVeth, bridge });
    requirePortFlags(check, port);
    requireVlans(check, port);
    return podVeth;
  });
}

type Pair = { readonly hostVeth: LinkFacts | undefined; readonly podVeth: LinkFacts; readonly bridge: LinkFacts };

function requireAttached({ hostVeth, podVeth, bridge }: Pair): LinkFacts {
  if (hostVeth === undefined) throw differs(`the host's end of ${podVeth.name} is gone`);
  if (podVeth.peerIndex !== hostVeth.index || hostVeth.peerIndex !== podVeth.index) {
    throw differs(`${hostVeth.name} is not the other end of ${podVeth.name}`);
  }
  if (hostVeth.masterIndex !== bridge.index) throw differs(`${hostVeth.name} is no port of ${bridge.name}`);
  requireUp(hostVeth);
  return hostVeth;
}

function requirePortFlags({ context, configuration }: AttachmentCheck, hostVeth: LinkFacts): void {
  const { isHairpin, isPortIsolated } = configuration;
  if (!isHairpin && !isPortIsolated) return;
  const present = readPortFlags(context.host, hostVeth);
  if (isHairpin && !present.isHairpin) throw differs(`hairpin is off on ${hostVeth.name}`);
  if (isPortIsolated && !present.isIsolated) throw differs(`${hostVeth.name} is not isolated`);
}

function requireVlans({ context, configuration: { vlans } }: AttachmentCheck, hostVeth: LinkFacts): void {
  if (vlans === undefined) return;
  const present = listPortVlans(context.host, hostVeth);
  const { access } = vlans;
  if (access !== undefined && !present.some(({ vlan, isPvid, isUntagged }) => vlan === access && isPvid && isUntagged))
    throw differs(`${hostVeth.name} is no access port of VLAN ${access}`);
  for (const { first, last } of vlans.trunk) {
    for (let wanted = first; wanted <= last; wanted += 1) {
      if (!present.some(({ vlan }) => vlan === wanted)) throw differs(`${hostVeth.name} carries no VLAN ${wanted}`);
    }
  }
}

export function checkAddresses(check: AttachmentCheck, podVeth: LinkFacts): void {
  const { context, pod } = check;
  context.steps.run('address.check', (notes) => {
    notes.command = `${describeIpCommand(pod.handle.path)} address show dev ${podVeth.name}`;
    const addresses = listPodAddresses(check).map(({ prefix }) => prefix);
    notes.object = addresses.map(formatIpPrefix).join(', ');
    const present = listAddresses(pod.socket, podVeth);
    for (const prefix of addresses) {
      if (present.some((one) => one.length === prefix.length && isSameAddress(one.address, prefix.address))) continue;
      throw differs(`address ${formatIpPrefix(prefix)} is gone from ${podVeth.name}`);
    }
  });
}

export function checkRoutes({ context, pod, previous }: AttachmentCheck, podVeth: LinkFacts): void {
  context.steps.run('route.check', (notes) => {
    notes.command = `${describeIpCommand(pod.handle.path)} route show dev ${podVeth.name}`;
    notes.object = previous.routes.map(({ destination }) => formatDestination(destination)).join(', ');
    const tables = new Map<number | undefined, readonly InterfaceRoute[]>();
    for (const route of previous.routes) {
      const present = tables.get(route.table) ?? listRoutes(pod.socket, podVeth, route.table);
      tables.set(route.table, present);
      if (present.some((one) => isRouteAsAsked(one, route))) continue;
      throw differs(`route ${describeRoute(route)} is gone from ${podVeth.name}`);
    }
  });
}
