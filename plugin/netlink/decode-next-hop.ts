import type { NextHop } from '#model/kernel/kernel-snapshot.ts';
import { nameFamily } from './decode-address.ts';
import {
  type AttributeTable,
  describeAttributes,
  nameFlags,
  numberOf,
  optional,
  textOf,
  viewOf,
} from './decode-attributes.ts';
import { describeEncap, hopFlags, nameRouteProtocol } from './decode-route.ts';

/** struct nhmsg: family, scope, protocol, reserved (u8 each), flags u32. include/uapi/linux/nexthop.h */
const nhmsgBytes = 8;
/** struct nexthop_grp: id u32, weight less one u8, its high byte u8, reserved u16 */
const groupMemberBytes = 8;

const nextHopAttributes: AttributeTable = {
  1: ['NHA_ID', 'u32'],
  2: ['NHA_GROUP', 'hex'],
  3: ['NHA_GROUP_TYPE', 'u16'],
  4: ['NHA_BLACKHOLE', 'flag'],
  5: ['NHA_OIF', 'u32'],
  6: ['NHA_GATEWAY', 'ip'],
  7: ['NHA_ENCAP_TYPE', 'u16'],
  8: ['NHA_ENCAP', 'hex'],
  10: ['NHA_MASTER', 'u32'],
  11: ['NHA_FDB', 'flag'],
  // Timers and fill of a resilient group.
  12: ['NHA_RES_GROUP', 'skip'],
  14: ['NHA_OP_FLAGS', 'skip'],
  15: ['NHA_GROUP_STATS', 'skip'],
  16: ['NHA_HW_STATS_ENABLE', 'skip'],
  17: ['NHA_HW_STATS_USED', 'skip'],
};

/**
 * Reads the body of one RTM_NEWNEXTHOP or RTM_DELNEXTHOP.
 * @returns `undefined` where the kernel names no id
 */
export function decodeNextHop(body: Uint8Array): NextHop | undefined {
  const view = viewOf(body);
  const attributes = describeAttributes(body.subarray(nhmsgBytes), nextHopAttributes);
  const id = numberOf(attributes, 'NHA_ID');
  if (id === undefined) return undefined;
  const encap = describeEncap(numberOf(attributes, 'NHA_ENCAP_TYPE'), textOf(attributes, 'NHA_ENCAP'));
  return {
    id,
    ...optional('family', nameFamily(view.getUint8(0))),
    ...optional('gateway', textOf(attributes, 'NHA_GATEWAY')),
    ...optional('linkIndex', numberOf(attributes, 'NHA_OIF') as NextHop['linkIndex']),
    isBlackhole: attributes.NHA_BLACKHOLE === true,
    ...optional('group', decodeGroup(textOf(attributes, 'NHA_GROUP'))),
    protocol: nameRouteProtocol(view.getUint8(2)),
    ...optional('encap', encap),
    raw: {
      family: view.getUint8(0),
      scope: view.getUint8(1),
      protocol: view.getUint8(2),
      flags: nameFlags(view.getUint32(4, true), hopFlags),
      ...attributes,
    },
  };
}

function decodeGroup(hex: string | undefined): NextHop['group'] {
  if (hex === undefined) return undefined;
  const view = viewOf(Uint8Array.fromHex(hex));
  return Array.from({ length: Math.floor(view.byteLength / groupMemberBytes) }, (_, place) => ({
    id: view.getUint32(place * groupMemberBytes, true),
    weight: ((view.getUint8(place * groupMemberBytes + 5) << 8) | view.getUint8(place * groupMemberBytes + 4)) + 1,
  }));
}
