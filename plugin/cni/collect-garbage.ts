import type { JsonObject } from '#model/json.ts';
import type { ReservationOwner } from '#plugin/ipam/reservation-store.ts';
import { pruneRules } from '#plugin/network/ensure-rules.ts';
import { CNI_ERROR_CODE, CniFailure } from './cni-failure.ts';
import { delegateGarbageCollection } from './delegate-ipam.ts';
import { deleteAttachment } from './delete-attachment.ts';
import type { InvocationContext } from './invocation-context.ts';
import { parseBridgeConfiguration } from './parse-bridge-configuration.ts';
import { looselyReadIpamPlugin } from './parse-ipam-configuration.ts';
import { describeRules, describeRulesNode } from './prepare-rules.ts';
import { readObjects, readText } from './read-key.ts';

const VALID_ATTACHMENTS = 'cni.dev/valid-attachments';

/**
 * Deletes every attachment of the network that the runtime no longer knows. Goes on past errors and reports them together.
 * @throws CniFailure of code 7 where the list is absent: that is not the empty list, and nothing is deleted
 */
export function collectGarbage(context: InvocationContext): void {
  const valid = parseValidAttachments(context.input.configuration);
  const problems: string[] = [];
  for (const owner of listOwners(context)) {
    if (valid.has(keyOf(owner))) continue;
    try {
      deleteAttachment(context, owner);
    } catch (error) {
      problems.push(`${owner.containerId}/${owner.ifName}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  const ipamPlugin = looselyReadIpamPlugin(context.input.configuration);
  try {
    if (ipamPlugin !== undefined) delegateGarbageCollection(context, ipamPlugin);
  } catch (error) {
    problems.push(error instanceof Error ? error.message : String(error));
  }
  try {
    pruneNetworkRules(context);
  } catch (error) {
    problems.push(`rules: ${error instanceof Error ? error.message : String(error)}`);
  }
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

const keyOf = ({ containerId, ifName }: ReservationOwner): string => `${containerId}/${ifName}`;

function parseValidAttachments(configuration: JsonObject): ReadonlySet<string> {
  const attachments = readObjects(configuration, VALID_ATTACHMENTS);
  if (attachments === undefined)
    throw new CniFailure(`${VALID_ATTACHMENTS} is missing`, { code: CNI_ERROR_CODE.configurationInvalid });
  return new Set(
    attachments.map((one) =>
      keyOf({ containerId: readText(one, 'containerID') ?? '', ifName: readText(one, 'ifname') ?? '' }),
    ),
  );
}

function listOwners(context: InvocationContext): readonly ReservationOwner[] {
  const store = context.openStore();
  const owners = new Map<string, ReservationOwner>();
  for (const address of store.listReserved()) {
    const reservation = store.read(address);
    if (reservation !== undefined) owners.set(keyOf(reservation), reservation);
  }
  return [...owners.values()];
}
