import type { ObjectStore } from '../api/object-store.ts';
import type { LabOptions } from '../lab-options.ts';
import type { Machine } from '../machine/boot-machine.ts';
import type { NetworkConfiguration } from '../runtime/network-configuration.ts';

export type KubeletParts = {
  readonly machine: Machine;
  readonly store: ObjectStore;
  readonly options: LabOptions;
  /** RFC 3339 */
  readonly now: () => string;
  readonly createUuid: () => string;
};

/** What a pod needs of the kubelet that runs it. */
export type PodHost = {
  readonly parts: KubeletParts;
  readonly network: NetworkConfiguration | undefined;
  /** The configuration in force, once there is one; undefined when the signal ends the waiting. */
  readonly waitForNetwork: (signal: AbortSignal) => Promise<NetworkConfiguration | undefined>;
};
