import { z } from 'zod';
import type { JsonValue } from '../json.ts';
import { LinkIndex } from './link-index.ts';

const Json: z.ZodType<JsonValue> = z.json();
const Raw = z.record(z.string(), Json);

/** A queueing discipline that somebody attached, `tc qdisc`; those that the kernel gives every link are left out. */
export const Qdisc = z.object({
  linkIndex: LinkIndex,
  /** clsact, ingress, htb, tbf, … */
  kind: z.string(),
  /** `ffff:` */
  handle: z.string(),
  /** `root`, `ffff:fff1`, `1:10` */
  parent: z.string(),
  raw: Raw,
});
export type Qdisc = z.infer<typeof Qdisc>;

/** One classifier on a qdisc, `tc filter`: it may drop, redirect or rewrite before netfilter sees the packet. */
export const TcFilter = z.object({
  linkIndex: LinkIndex,
  /** `ingress` and `egress` for the hooks of clsact and ingress, else the parent's handle. */
  parent: z.string(),
  /** bpf, u32, flower, matchall, … */
  kind: z.string(),
  priority: z.int(),
  /** Ethertype: `ip`, `ipv6`, `all`, or `0x88cc`. */
  protocol: z.string(),
  handle: z.int(),
  chain: z.int(),
  /** Number of the block that several links share, where the filter stands in one. */
  block: z.int().optional(),
  bpf: z.object({ name: z.string().optional(), id: z.int().optional(), tag: z.string().optional() }).optional(),
  raw: Raw,
});
export type TcFilter = z.infer<typeof TcFilter>;

/** One class of a qdisc that has some, `tc class`. */
export const TcClass = z.object({
  linkIndex: LinkIndex,
  /** The qdisc's kind: htb, hfsc, drr, … */
  kind: z.string(),
  /** `1:10` */
  handle: z.string(),
  /** The class above, or `root`. */
  parent: z.string(),
  /** The qdisc that holds the packets of the class, `10:`. */
  leaf: z.string().optional(),
  raw: Raw,
});
export type TcClass = z.infer<typeof TcClass>;

export const TrafficControl = z.object({
  qdiscs: z.array(Qdisc),
  filters: z.array(TcFilter),
  /** Absent in snapshots from before they were read. */
  classes: z.array(TcClass).optional(),
});
export type TrafficControl = z.infer<typeof TrafficControl>;
