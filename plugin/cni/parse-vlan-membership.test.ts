import { describe, expect, it } from 'vitest';
import type { JsonObject } from '#model/json.ts';
import { parseVlanMembership } from './parse-vlan-membership.ts';

describe('the VLANs of a configuration', () => {
  it('are none where nothing is said, the id is 0, or the trunk is empty', () => {
    for (const configuration of [{}, { vlan: 0 }, { vlanTrunk: [] }, { vlan: 0, vlanTrunk: [] }])
      expect(parseVlanMembership(configuration)).toBeUndefined();
  });

  it('are one for an access port, which stays in the default VLAN unless told otherwise', () => {
    expect(parseVlanMembership({ vlan: 100 })).toEqual({ access: 100, trunk: [], isDefaultKept: true });
    expect(parseVlanMembership({ vlan: 4094, preserveDefaultVlan: false })).toMatchObject({ isDefaultKept: false });
  });

  it('are sorted ranges without overlap for a trunk', () => {
    const vlanTrunk = [{ id: 300 }, { minID: 100, maxID: 150 }, { id: 151, minID: 120, maxID: 140 }];
    expect(parseVlanMembership({ vlanTrunk })?.trunk).toEqual([
      { first: 100, last: 151 },
      { first: 300, last: 300 },
    ]);
  });

  it.each<[JsonObject, string]>([
    [{ vlan: -1 }, 'vlan has to be a whole number'],
    [{ vlan: 4095 }, 'vlan 4095 is not between 0 and 4094'],
    [{ vlan: '7' }, 'vlan has to be a whole number'],
    [{ vlan: 7, vlanTrunk: [{ id: 8 }] }, 'vlan and vlanTrunk exclude each other'],
    [{ vlanTrunk: [{ id: 0 }] }, 'id 0 of vlanTrunk is not between 1 and 4094'],
    [{ vlanTrunk: [{ id: 4095 }] }, 'id 4095 is not between'],
    [{ vlanTrunk: [{ minID: 7 }] }, 'vlanTrunk needs minID and maxID together'],
    [{ vlanTrunk: [{ maxID: 7 }] }, 'vlanTrunk needs minID and maxID together'],
    [{ vlanTrunk: [{ minID: 8, maxID: 7 }] }, 'the minID 8 behind the maxID 7'],
    [{ vlanTrunk: [{}] }, 'every element of vlanTrunk needs id'],
    [{ vlanTrunk: [7] }, 'every element of vlanTrunk has to be an object'],
  ])('of %j are refused with key and number', (configuration, message) => {
    expect(() => parseVlanMembership(configuration)).toThrow(message);
  });
});
