import { z } from 'zod';

/** An XDP program sees a packet before everything else. include/uapi/linux/if_link.h: XDP_ATTACHED_* */
const XdpAttachment = z.object({
  mode: z.enum(['driver', 'generic', 'offload', 'multiple']),
  programIds: z.array(z.int()),
  /** The same with the mode of each; absent in snapshots from before it was read. */
  programs: z.array(z.object({ mode: z.enum(['driver', 'generic', 'offload']), id: z.int() })).optional(),
});

/** What a link of one kind is set to, each only on links of that kind. Older snapshots have none of it. */
export const linkDetails = {
  bridge: z.object({ vlanFiltering: z.boolean(), stp: z.boolean() }).optional(),
  vxlan: z.object({ id: z.int(), port: z.int(), localIp: z.string().optional(), learning: z.boolean() }).optional(),
  /** `protocol`: 802.1Q or 802.1ad */
  vlan: z.object({ id: z.int(), protocol: z.string() }).optional(),
  /** private, vepa, bridge, passthru, source; of macvtap too */
  macvlan: z.object({ mode: z.string() }).optional(),
  /** `mode`: l2, l3, l3s; `flag`: bridge, private, vepa */
  ipvlan: z.object({ mode: z.string(), flag: z.string() }).optional(),
  /** balance-rr, active-backup, 802.3ad, …; its ports name the bond as their master */
  bond: z.object({ mode: z.string(), activeIndex: z.int().optional() }).optional(),
  tun: z.object({ mode: z.enum(['tun', 'tap']) }).optional(),
  /** gre, ipip, sit, geneve, …: the ends of the tunnel, and what tells it from others between the same ends. */
  tunnel: z
    .object({
      localIp: z.string().optional(),
      remoteIp: z.string().optional(),
      /** Key of gre, VNI of geneve. */
      id: z.int().optional(),
      port: z.int().optional(),
      /** Takes its ends from each packet's route or program (`external`). */
      isExternal: z.boolean(),
    })
    .optional(),
  vrf: z.object({ table: z.int() }).optional(),
  xdp: XdpAttachment.optional(),
};
