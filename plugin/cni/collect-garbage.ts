import type { JsonObject } from '#model/json.ts';
import type { Reservation, ReservationOwner } from '#plugin/ipam/reservation.ts';
import type { ReservationStore } from '#plugin/ipam/reservation-store.ts';
import { NetlinkError, type NetlinkSocket } from '#plugin/netlink/netlink-socket.ts';
import { deleteLinkGroup, setLinkGroup } from '#plugin/network/change-link.ts';
import { pruneRules } from '#plugin/network/ensure-rules.ts';
import type { LinkFacts } from '#plugin/network/link-message.ts';
import { listLinks } from '#plugin/network/list-links.ts';
import { formatMacAddress } from '#plugin/network/mac-address.ts';
import { CNI_ERROR_CODE, CniFailure } from './cni-failure.ts';
import { delegateGarbageCollection } from './delegate-ipam.ts';
import { removeNeighbours } from './delete-attachment.ts';
import { describeRules } from './describe-rules.ts';
import { hostVethGroup, hostVethMac } from './host-veth.ts';
import type { InvocationContext } from './invocation-context.ts';
import { parseBridgeConfiguration } from './parse-bridge-configuration.ts';
import { looselyReadIpamPlugin } from './parse-ipam-configuration.ts';
import { describeRulesNode } from './prepare-rules.ts';
import { readObjects, readText } from './read-key.ts';

const VALID_ATTACHMENTS = 'cni.dev/valid-attachments';

/**
 * Deletes every attachment of the network that the runtime no longer knows: host veths, addresses, neighbour entries. Goes on
 * past errors and reports them together. An ADD that is under way, or began after us, is left alone: the list is older than
 * it. The links are looked at first: each then has a reservation, which its ADD wrote before it made the link.
 * @throws CniFailure of code 7 where the list is absent: that is not the empty list, and nothing is deleted
 */
export function collectGarbage(context: InvocationContext): void {
  const valid = parseValidAttachments(context.input.configuration);
  const store = context.openStore();
  const problems: string[] = [];
  const attempt = <T>(work: () => T): T | undefined => {
    try {
      return work();
    } catch (error) {
      problems.push(error instanceof Error ? error.message : String(error));
      return undefined;
    }
  };
  const links = listLinks(context.host);
  const listed = attempt(() => listInvalid(store, { valid, startedAt: context.startedAt }));
  const { stale } = listed ?? { stale: [] };
  // Without the reservations nobody knows which links are in the making.
  const areVethsGone = listed && attempt(() => deleteStaleVeths(context, { links, valid, ...listed }));
  if (areVethsGone && stale.length > 0) {
    // As in DEL: their next owner's entries must not be hit.
    const addresses = stale.flatMap((reservation) => store.listHeldAddresses(reservation));
    attempt(() => removeNeighbours(context, addresses));
    attempt(() => releaseAll(context, store, stale));
  }
  const ipamPlugin = looselyReadIpamPlugin(context.input.configuration);
  if (ipamPlugin !== undefined) attempt(() => delegateGarbageCollection(context, ipamPlugin));
  attempt(() => pruneNetworkRules(context));
  if (problems.length === 0) return;
  throw new CniFailure(`${problems.length} problems were met while garbage was collected`, {
    code: CNI_ERROR_CODE.kernelRefused,
    details: problems.join('; '),
  });
}

/** After the attachments, as a subnet that the network had before keeps its rules while a pod has an address in it. */
function pruneNetworkRules(context: InvocationContext): void {
  const configuration = parseBridgeConfiguration(context.input);
  context.steps.run('rules.prune', (notes) => {
    notes.object = configuration.bridgeName;
    notes.command = pruneRules(describeRules(configuration, []), describeRulesNode(context, configuration)).join(
      ' && ',
    );
  });
}

function parseValidAttachments(configuration: JsonObject): readonly ReservationOwner[] {
  const attachments = readObjects(configuration, VALID_ATTACHMENTS);
  if (attachments === undefined)
    throw new CniFailure(`${VALID_ATTACHMENTS} is missing`, { code: CNI_ERROR_CODE.configurationInvalid });
  return attachments.map((one) => ({
    containerId: readText(one, 'containerID') ?? '',
    ifName: readText(one, 'ifname') ?? '',
  }));
}

type Invalid = { readonly stale: readonly Reservation[]; readonly underWay: readonly Reservation[] };

function listInvalid(
  store: ReservationStore,
  { valid, startedAt }: { readonly valid: readonly ReservationOwner[]; readonly startedAt: string },
): Invalid {
  if (!store.exists()) return { stale: [], underWay: [] };
  const keyOf = ({ containerId, ifName }: ReservationOwner): string => `${containerId}/${ifName}`;
  const known = new Set(valid.map(keyOf));
  return store.withLock(() => {
    const invalid = store.listReservations().filter((one) => !known.has(keyOf(one)));
    const underWay = invalid.filter((one) => one.reservedAt > startedAt || store.isUnderWay(one));
    return { stale: invalid.filter((one) => !underWay.includes(one)), underWay };
  });
}

/** @returns true: none of them is left */
function deleteStaleVeths(
  context: InvocationContext,
  {
    links,
    valid,
    stale,
    underWay,
  }: Invalid & { readonly links: readonly LinkFacts[]; readonly valid: readonly ReservationOwner[] },
): boolean {
  return context.steps.run('veth.delete', (notes) => {
    const macOf = (owner: ReservationOwner): string => formatMacAddress(hostVethMac(owner));
    const kept = new Set([...valid, ...underWay].map(macOf));
    const gone = new Set(stale.map(macOf));
    const networkGroup = hostVethGroup(context.input.name);
    // No network has such a name. What a killed GC left in it is found by the next one.
    const garbageGroup = hostVethGroup(`${context.input.name}/garbage`);
    const ours = links.filter(
      ({ kind, group, mac = '' }) =>
        kind === 'veth' && (group === networkGroup || group === garbageGroup || gone.has(mac)),
    );
    const veths = ours.filter(({ mac = '' }) => !kept.has(mac));
    for (const veth of ours) {
      if (veth.group === garbageGroup && !veths.includes(veth))
        ignoreMissing(() => setLinkGroup(context.host, veth, networkGroup));
    }
    if (veths.length === 0) return true;
    notes.object = veths.map(({ name }) => name).join(', ');
    notes.command = `${veths.map(({ name }) => `ip link set dev ${name} group ${garbageGroup}`).join(' && ')} && ip link del group ${garbageGroup}`;
    deleteTogether(context.host, veths, garbageGroup);
    return true;
  });
}

/** The kernel waits for a grace period of RCU per deletion request, so one request for all of them. */
function deleteTogether(host: NetlinkSocket, veths: readonly LinkFacts[], group: number): void {
  for (const veth of veths) ignoreMissing(() => setLinkGroup(host, veth, group));
  ignoreMissing(() => deleteLinkGroup(host, group));
}

/** Another DEL, or the end of a namespace, was faster. */
function ignoreMissing(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof NetlinkError && error.code === 'ENODEV')) throw error;
  }
}

function releaseAll(context: InvocationContext, store: ReservationStore, stale: readonly Reservation[]): void {
  context.steps.run('ipam.release', (notes) => {
    notes.object = store.withLock(() => store.release(stale)).join(', ');
  });
}
