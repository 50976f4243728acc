import type { ReservationOwner } from '#plugin/ipam/reservation.ts';
import { IFF } from '#plugin/netlink/netlink-tables.ts';
import type { LinkFacts } from '#plugin/network/link-message.ts';
import type { AssignedAddress } from './address-assignment.ts';
import { CNI_ERROR_CODE, CniFailure } from './cni-failure.ts';
import type { InvocationContext } from './invocation-context.ts';
import type { PodNamespace } from './open-pod-namespace.ts';
import type { BridgeConfiguration } from './parse-bridge-configuration.ts';
import type { PreviousInterface, PreviousResult } from './parse-previous-result.ts';

/** A CHECK under way: what its steps share. */
export type AttachmentCheck = {
  readonly context: InvocationContext;
  readonly configuration: BridgeConfiguration;
  readonly owner: ReservationOwner;
  readonly pod: PodNamespace;
  readonly previous: PreviousResult;
};

/** The kernel has not what ADD said. */
export const differs = (message: string): CniFailure => new CniFailure(message, { code: CNI_ERROR_CODE.stateDiffers });

/** The chain may have more interfaces than ours; an address without interface is ours. */
export function listPodAddresses({ owner, previous }: AttachmentCheck): readonly AssignedAddress[] {
  const isOurs = (index: number | undefined): boolean => {
    const holder = index === undefined ? undefined : previous.interfaces[index];
    return holder === undefined || (holder.name === owner.ifName && holder.sandbox !== undefined);
  };
  return previous.ips.filter((one) => isOurs(one.interface));
}

export function requireMac(link: LinkFacts, expected: PreviousInterface | undefined): void {
  if (expected?.mac === undefined || expected.mac === link.mac) return;
  throw differs(`${link.name} has the MAC ${link.mac}, prevResult says ${expected.mac}`);
}

export function requireUp(link: LinkFacts): void {
  if ((link.flags & IFF.UP) === 0) throw differs(`${link.name} is down`);
}
