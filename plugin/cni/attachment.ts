import type { ReservationOwner } from '#plugin/ipam/reservation.ts';
import type { LinkFacts } from '#plugin/network/link-message.ts';
import { CNI_ERROR_CODE, CniFailure } from './cni-failure.ts';
import type { InvocationContext } from './invocation-context.ts';
import type { PodNamespace } from './open-pod-namespace.ts';
import type { AttachmentRequest } from './parse-attachment-request.ts';
import type { BridgeConfiguration } from './parse-bridge-configuration.ts';

/** An ADD under way: what its steps share. */
export type Attachment = {
  readonly context: InvocationContext;
  readonly configuration: BridgeConfiguration;
  readonly request: AttachmentRequest;
  readonly owner: ReservationOwner;
  readonly pod: PodNamespace;
};

/** @throws CniFailure of code 100: somebody else deletes links meanwhile */
export function requireLink(link: LinkFacts | undefined, name: string): LinkFacts {
  if (link !== undefined) return link;
  throw new CniFailure(`link ${name} disappeared right after it was made`, { code: CNI_ERROR_CODE.kernelRefused });
}
