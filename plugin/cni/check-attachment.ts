import { formatIpAddress } from '#plugin/network/ip-address.ts';
import { type AttachmentCheck, differs, listPodAddresses } from './attachment-check.ts';
import { checkBridge, checkGateways, checkRules } from './check-node.ts';
import { checkAddresses, checkRoutes, checkVeth } from './check-pod.ts';
import { delegateCheck } from './delegate-ipam.ts';
import { type InvocationContext, requireOwner } from './invocation-context.ts';
import { openPodNamespace } from './open-pod-namespace.ts';
import type { BridgeConfiguration } from './parse-bridge-configuration.ts';
import { parsePreviousResult } from './parse-previous-result.ts';

/**
 * Compares what ADD said with what the kernel says. Prints nothing when it holds; what was added since is tolerated.
 * @throws CniFailure of code 7 without prevResult, of code 106 naming the first difference
 */
export function checkAttachment(context: InvocationContext, configuration: BridgeConfiguration): void {
  const owner = requireOwner(context.environment);
  const previous = parsePreviousResult(context.input.configuration);
  using pod = context.steps.run('netns.open', (notes) => {
    notes.object = context.environment.netns ?? '';
    return openPodNamespace(context.environment, context.deadline);
  });
  const check: AttachmentCheck = { context, configuration, owner, pod, previous };
  const bridge = checkBridge(check);
  checkGateways(check, bridge);
  const podVeth = checkVeth(check, bridge);
  checkAddresses(check, podVeth);
  checkRoutes(check, podVeth);
  checkReservations(check);
  checkRules(check);
}

/** By name of the file: no need to look through all of them. */
function checkReservations(check: AttachmentCheck): void {
  const { context, configuration, owner } = check;
  if (configuration.ipamPlugin !== undefined) delegateCheck(context, configuration.ipamPlugin);
  if (configuration.rangeSets.length === 0) return;
  context.steps.run('ipam.check', (notes) => {
    const store = context.openStore();
    const addresses = listPodAddresses(check).map(({ prefix }) => formatIpAddress(prefix.address));
    notes.object = addresses.join(', ');
    if (addresses.length === 0) throw differs('prevResult has no address, the network gives one to each pod');
    for (const address of addresses) {
      const reservation = store.read(address);
      if (reservation?.containerId === owner.containerId && reservation.ifName === owner.ifName) continue;
      throw differs(
        `address ${address} is ${reservation === undefined ? 'not reserved' : `reserved for ${reservation.containerId}`}`,
      );
    }
  });
}
