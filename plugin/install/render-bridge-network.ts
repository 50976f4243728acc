import type { JsonObject } from '#model/json.ts';
import { fail, type Result, succeed } from '#model/result.ts';
import { CniFailure } from '#plugin/cni/cni-failure.ts';
import { describeRules } from '#plugin/cni/describe-rules.ts';
import { parseBridgeConfiguration } from '#plugin/cni/parse-bridge-configuration.ts';
import { parseInput } from '#plugin/cni/parse-input.ts';
import type { RulesDemand } from '#plugin/network/list-rules.ts';
import type { InstallOptions } from './install-options.ts';

/** What an older runtime speaks, and what a newer one chooses from (SPEC 1.1.0, `cniVersions`): that has STATUS and GC. */
const VERSIONS = { cniVersion: '1.0.0', cniVersions: ['1.0.0', '1.1.0'] } as const;

const NETWORK_NAME = 'podwire';

/** A network in bridge mode: its conflist, and the rules that the plugin will want for it. */
export type BridgeNetwork = { readonly text: string; readonly rules: RulesDemand };

/** @returns why the plugin itself would refuse the network, where it would */
export function renderBridgeNetwork({
  podCidrs,
  clusterCidrs,
  mtuBytes,
}: Pick<InstallOptions, 'podCidrs' | 'clusterCidrs' | 'mtuBytes'>): Result<BridgeNetwork, string> {
  const [podCidr] = podCidrs;
  if (podCidr === undefined) {
    return fail(
      '--pod-cidr is missing: the range of this node’s pods, as 10.240.1.0/24; two behind a comma for dual stack',
    );
  }
  const addresses =
    podCidrs.length === 1
      ? { podcidr: podCidr }
      : { ipam: { type: 'podwire', ranges: podCidrs.map((subnet) => [{ subnet }]) } };
  const plugin: JsonObject = {
    type: 'podwire',
    ...addresses,
    ipMasq: true,
    ...(clusterCidrs.length === 0 ? {} : { clusterCidr: clusterCidrs }),
    ...(mtuBytes === undefined ? {} : { mtu: mtuBytes }),
  };
  try {
    const input = { ...plugin, name: NETWORK_NAME, cniVersion: VERSIONS.cniVersion };
    const rules = describeRules(parseBridgeConfiguration(parseInput(JSON.stringify(input))), []);
    const text = `${JSON.stringify({ ...VERSIONS, name: NETWORK_NAME, plugins: [plugin] }, null, 2)}\n`;
    return succeed({ text, rules });
  } catch (error) {
    if (error instanceof CniFailure) return fail(error.message);
    throw error;
  }
}
