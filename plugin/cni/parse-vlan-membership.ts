import type { JsonObject } from '#model/json.ts';
import type { VlanMembership, VlanRange } from '#plugin/network/bridge-vlans.ts';
import { CNI_ERROR_CODE, CniFailure } from './cni-failure.ts';
import { readCount, readFlag, readObjects } from './read-key.ts';

/** 12 bits of the tag; 0 means no VLAN and 4095 is reserved. IEEE 802.1Q, section 9.6 */
const HIGHEST_VLAN = 4094;

const invalid = (message: string): CniFailure => new CniFailure(message, { code: CNI_ERROR_CODE.configurationInvalid });

/**
 * `vlan` for an access port or `vlanTrunk` for a trunk, a list of `{id}` and `{minID, maxID}`. The default VLAN stays unless
 * `preserveDefaultVlan` is false, as with the reference plugin.
 * @returns undefined where neither is given
 * @throws CniFailure of code 7 naming the key and the number
 */
export function parseVlanMembership(configuration: JsonObject): VlanMembership | undefined {
  const access = readVlan(configuration, 'vlan');
  const trunk = (readObjects(configuration, 'vlanTrunk') ?? []).flatMap(parseTrunkItem);
  const isDefaultKept = readFlag(configuration, 'preserveDefaultVlan') ?? true;
  if (access !== undefined && trunk.length > 0) throw invalid('vlan and vlanTrunk exclude each other');
  if (access === undefined && trunk.length === 0) return undefined;
  return { access, trunk: mergeRanges(trunk), isDefaultKept };
}

function parseTrunkItem(item: JsonObject): readonly VlanRange[] {
  const id = requireTrunkVlan(item, 'id');
  const first = requireTrunkVlan(item, 'minID');
  const last = requireTrunkVlan(item, 'maxID');
  if ((first === undefined) !== (last === undefined)) throw invalid('vlanTrunk needs minID and maxID together');
  if (first !== undefined && last !== undefined && first > last)
    throw invalid(`vlanTrunk has the minID ${first} behind the maxID ${last}`);
  if (id === undefined && first === undefined) throw invalid('every element of vlanTrunk needs id, or minID and maxID');
  const ranges: VlanRange[] = [];
  if (id !== undefined) ranges.push({ first: id, last: id });
  if (first !== undefined && last !== undefined) ranges.push({ first, last });
  return ranges;
}

/** An access port without VLAN is an ordinary port, a trunk of VLAN 0 is a mistake. */
function requireTrunkVlan(item: JsonObject, key: string): number | undefined {
  if (Object.entries(item).some(([name, value]) => name.toLowerCase() === key.toLowerCase() && value === 0))
    throw invalid(`${key} 0 of vlanTrunk is not between 1 and ${HIGHEST_VLAN}`);
  return readVlan(item, key);
}

function readVlan(object: JsonObject, key: string): number | undefined {
  const vlan = readCount(object, key);
  if (vlan !== undefined && vlan > HIGHEST_VLAN) throw invalid(`${key} ${vlan} is not between 0 and ${HIGHEST_VLAN}`);
  return vlan;
}

/** Sorted, and no VLAN twice. */
function mergeRanges(ranges: readonly VlanRange[]): readonly VlanRange[] {
  const merged: VlanRange[] = [];
  for (const range of ranges.toSorted((one, other) => one.first - other.first)) {
    const previous = merged.at(-1);
    if (previous === undefined || range.first > previous.last + 1) merged.push(range);
    else merged[merged.length - 1] = { first: previous.first, last: Math.max(previous.last, range.last) };
  }
  return merged;
}
