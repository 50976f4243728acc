import { z } from 'zod';

/** A past fact: something of ours on the node was not as it has to be, and the agent put it right, or could not. */
export const Drift = z.object({
  /** UUIDv7 */
  id: z.string(),
  /** RFC 3339, when it was found. */
  time: z.string(),
  kind: z.enum(['route', 'rule', 'sysctl', 'configuration', 'link', 'neighbour', 'fdb']),
  /** `10.240.1.0/24`, `net.ipv4.ip_forward`, `/etc/cni/net.d/10-podwire.conflist` */
  object: z.string(),
  /** `missing`, `changed`, `foreign`: as the agent found it; `wanted` did not hold before for it to be drift. */
  found: z.enum(['missing', 'changed', 'left-over']),
  outcome: z.enum(['repaired', 'failed']),
  /** The `ip`, `nft`, `iptables` or `sysctl` line that does the same by hand. */
  command: z.string().optional(),
  /** Why the repair failed. */
  error: z.string().optional(),
  /** How often it was seen until it was told, where more than once; everything else is of the last time. */
  repeats: z.int().positive().optional(),
});
export type Drift = z.infer<typeof Drift>;
