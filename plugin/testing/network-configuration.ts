import type { JsonObject } from '#model/json.ts';

/** The short form of the configuration, as the lab and the tutorial write it. */
export function podCidrConfiguration(changes: JsonObject = {}): JsonObject {
  return {
    cniVersion: '1.1.0',
    name: 'podnet',
    type: 'podwire',
    podcidr: '10.240.2.0/24',
    clusterCidr: '10.240.0.0/16',
    ...changes,
  };
}

/** The standard form, with an IPAM section. */
export function ipamConfiguration(ipam: JsonObject, changes: JsonObject = {}): JsonObject {
  return { cniVersion: '1.1.0', name: 'podnet', type: 'podwire', bridge: 'cni0', ipam, ...changes };
}
