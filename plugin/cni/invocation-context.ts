import type { ReservationOwner } from '#plugin/ipam/reservation.ts';
import type { ReservationStore } from '#plugin/ipam/reservation-store.ts';
import type { NetlinkSocket } from '#plugin/netlink/netlink-socket.ts';
import { CNI_ERROR_CODE, CniFailure } from './cni-failure.ts';
import type { Deadline } from './deadline.ts';
import type { NodeContext } from './node-context.ts';
import type { InvocationEnvironment } from './parse-environment.ts';
import type { NetworkInput } from './parse-input.ts';
import type { StepSequence } from './step-sequence.ts';

/** What a command works with. */
export type InvocationContext = {
  readonly environment: InvocationEnvironment;
  /** All of the process's own, CNI_* and others. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly input: NetworkInput;
  readonly node: NodeContext;
  readonly bootId: string;
  readonly steps: StepSequence;
  /** Whatever waits for others waits at most `deadline.remainingMs()`. */
  readonly deadline: Deadline;
  /** Of the node's own namespace. */
  readonly host: NetlinkSocket;
  readonly openStore: () => ReservationStore;
  /** RFC 3339 */
  readonly startedAt: string;
};

export function requireOwner({ containerId, ifName }: InvocationEnvironment): ReservationOwner {
  if (containerId === undefined || ifName === undefined) {
    throw new CniFailure('CNI_CONTAINERID or CNI_IFNAME is missing', { code: CNI_ERROR_CODE.environmentInvalid });
  }
  return { containerId, ifName };
}
