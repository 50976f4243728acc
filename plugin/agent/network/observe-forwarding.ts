import { existsSync, writeFileSync } from 'node:fs';
import { FORWARDING_SYSCTL, isForwarding } from '#plugin/network/ensure-gateways.ts';
import type { AddressFamily } from '#plugin/network/ip-address.ts';
import type { Observation } from './observation.ts';

/** Forwarding between the node's links, per family. A kernel without the family has nothing to observe. */
export function observeForwarding(families: readonly AddressFamily[]): readonly Observation[] {
  const known = families.filter((family) => existsSync(FORWARDING_SYSCTL[family].path));
  return known.map((family) => {
    const { key, path } = FORWARDING_SYSCTL[family];
    return {
      kind: 'sysctl',
      object: key,
      wanted: '1',
      state: isForwarding(family) ? 'right' : 'changed',
      command: `sysctl -w ${key}=1`,
      repair: () => writeFileSync(path, '1'),
    };
  });
}
