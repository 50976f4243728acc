import { hasFreeAddresses } from '#plugin/ipam/reserve-addresses.ts';
import { findLink } from '#plugin/network/find-link.ts';
import { findRulesObstacle } from '#plugin/network/find-rules-obstacle.ts';
import { classifyError } from './classify-error.ts';
import { CNI_ERROR_CODE, CniFailure } from './cni-failure.ts';
import { delegateStatus } from './delegate-ipam.ts';
import type { InvocationContext } from './invocation-context.ts';
import { type BridgeConfiguration, parseBridgeConfiguration } from './parse-bridge-configuration.ts';

/**
 * Whether an ADD could work now.
 * @throws CniFailure of code 51 where an IPAM plugin answers so, else of code 50: the configuration cannot be used, the bridge's name is another link's, no address is left, no program can set rules
 */
export function reportStatus(context: InvocationContext): void {
  const configuration = parseUsable(context);
  context.steps.run('status.check', (notes) => {
    notes.object = configuration.bridgeName;
    const bridge = findLink(context.host, configuration.bridgeName);
    if (bridge !== undefined && bridge.kind !== 'bridge') {
      throw new CniFailure(`link ${configuration.bridgeName} exists and is no bridge`, {
        code: CNI_ERROR_CODE.notAvailable,
      });
    }
    if (configuration.rangeSets.length > 0 && !hasFreeAddresses(context.openStore(), configuration.rangeSets)) {
      throw new CniFailure(`no address is left in network ${configuration.name}`, {
        code: CNI_ERROR_CODE.notAvailable,
      });
    }
  });
  requireRulesProgram(configuration);
  if (configuration.ipamPlugin !== undefined) delegateStatus(context, configuration.ipamPlugin);
}

/** A network of layer 2 only needs no rules. */
function requireRulesProgram({ rangeSets, ipamPlugin, rulesBackend }: BridgeConfiguration): void {
  const obstacle = rangeSets.length > 0 || ipamPlugin !== undefined ? findRulesObstacle(rulesBackend) : undefined;
  if (obstacle !== undefined) throw new CniFailure(obstacle, { code: CNI_ERROR_CODE.notAvailable });
}

function parseUsable(context: InvocationContext): BridgeConfiguration {
  try {
    return parseBridgeConfiguration(context.input);
  } catch (error) {
    const { message, details } = classifyError(error);
    throw new CniFailure(message, { code: CNI_ERROR_CODE.notAvailable, details, cause: error });
  }
}
