import { z } from 'zod';
import { LinkIndex } from './link-index.ts';

/** VLANs that a port of a bridge, or the bridge itself, is a member of: one row of `bridge vlan`. */
export const BridgeVlanRange = z.object({
  /** Both ends included; the same for a single VLAN. */
  first: z.int(),
  last: z.int(),
  /** Frames that come without a tag belong to it. */
  isPvid: z.boolean(),
  /** Its frames leave without a tag. */
  isUntagged: z.boolean(),
});
export type BridgeVlanRange = z.infer<typeof BridgeVlanRange>;

/** They count only where the bridge filters: `Link.bridge.vlanFiltering`. */
export const BridgeVlans = z.object({ linkIndex: LinkIndex, vlans: z.array(BridgeVlanRange) });
export type BridgeVlans = z.infer<typeof BridgeVlans>;
