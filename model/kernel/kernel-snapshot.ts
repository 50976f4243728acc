import { z } from 'zod';
import type { JsonValue } from '../json.ts';
import { BpfAttachments } from './bpf-attachments.ts';
import { BridgeVlans } from './bridge-vlans.ts';
import { linkDetails } from './link-details.ts';
import { LinkIndex } from './link-index.ts';
import { TrafficControl } from './traffic-control.ts';
import { WireguardDevice } from './wireguard-device.ts';

/**
 * What one node's kernel says about its network, as the agent read it.
 *
 * Every record carries `raw`: the decoded netlink attributes (or the text line) that it was made from, for the
 * "proof" view. Absent is `undefined`, never `null` or `''`. MAC addresses are lower-case colon hex, IP addresses
 * canonical text (RFC 5952), prefixes `address/length`.
 */

/** Inode number of the namespace in nsfs, in decimal: the `4026531840` of `net:[4026531840]`. */
export const NetnsId = z.string().regex(/^\d+$/).brand<'NetnsId'>();
export type NetnsId = z.infer<typeof NetnsId>;

const Json: z.ZodType<JsonValue> = z.json();
const Raw = z.record(z.string(), Json);

/** Flags of a bridge port. include/uapi/linux/if_link.h: IFLA_BRPORT_* */
export const BridgePort = z.object({
  state: z.enum(['disabled', 'listening', 'learning', 'forwarding', 'blocking']),
  hairpin: z.boolean(),
  isolated: z.boolean(),
  learning: z.boolean(),
  flood: z.boolean(),
});
export type BridgePort = z.infer<typeof BridgePort>;

export const Link = z.object({
  index: LinkIndex,
  name: z.string(),
  /** IFLA_INFO_KIND: veth, bridge, vxlan, macvlan, vlan, …; `undefined` for a physical device and for lo. */
  kind: z.string().optional(),
  mac: z.string().optional(),
  mtuBytes: z.int(),
  /** IFF_* names without the prefix, in the kernel's bit order: UP, BROADCAST, LOOPBACK, … LOWER_UP. */
  flags: z.array(z.string()),
  /** IF_OPER_* in lower case, as in RFC 2863: up, down, lowerlayerdown, unknown, … */
  operState: z.string(),
  /** The bridge, bond or VRF that this link is a port of. */
  masterIndex: LinkIndex.optional(),
  /** The other end of a veth pair. `namespaceId` is absent where the agent could not tell which namespace it is. */
  peer: z.object({ index: LinkIndex, namespaceId: NetnsId.optional() }).optional(),
  /** The link below a macvlan, vlan or vxlan, in the same namespace. */
  parentIndex: LinkIndex.optional(),
  /** The link below, where it is in another namespace: a pod's macvlan on the node's uplink. */
  remoteParent: z.object({ index: LinkIndex, namespaceId: NetnsId.optional() }).optional(),
  port: BridgePort.optional(),
  ...linkDetails,
  raw: Raw,
});
export type Link = z.infer<typeof Link>;

export const Address = z.object({
  linkIndex: LinkIndex,
  family: z.enum(['inet', 'inet6']),
  /** `10.240.2.1/24` */
  prefix: z.string(),
  scope: z.enum(['global', 'site', 'link', 'host', 'nowhere']),
  flags: z.array(z.string()),
  raw: Raw,
});
export type Address = z.infer<typeof Address>;

/** Light-weight tunnel of a route: mpls, ip, ip6, seg6, bpf, …, and its settings as the kernel's bytes in hex. */
export const RouteEncap = z.object({ type: z.string(), raw: z.string() });
export type RouteEncap = z.infer<typeof RouteEncap>;

export const RouteHop = z.object({
  gateway: z.string().optional(),
  linkIndex: LinkIndex.optional(),
  weight: z.int().optional(),
  flags: z.array(z.string()).optional(),
  encap: RouteEncap.optional(),
});

export const Route = z.object({
  family: z.enum(['inet', 'inet6']),
  /** Number of the routing table: 254 main, 255 local. */
  table: z.int(),
  /** RTN_* in lower case: unicast, local, broadcast, blackhole, unreachable, prohibit, … */
  type: z.string(),
  /** `default` or `10.240.1.0/24` */
  destination: z.string(),
  gateway: z.string().optional(),
  linkIndex: LinkIndex.optional(),
  /** RTPROT_*: kernel, boot, static, ra, dhcp, bgp, podwire, or the bare number. */
  protocol: z.string(),
  scope: z.enum(['global', 'site', 'link', 'host', 'nowhere']),
  preferredSource: z.string().optional(),
  metric: z.int().optional(),
  mtuBytes: z.int().optional(),
  nextHops: z.array(RouteHop).optional(),
  /** The nexthop object that the route leads to; gateway and link are the object's own. */
  nextHopId: z.int().optional(),
  encap: RouteEncap.optional(),
  raw: Raw,
});
export type Route = z.infer<typeof Route>;

/** A nexthop object, `ip nexthop`: a hop, a blackhole, or a group of others. */
export const NextHop = z.object({
  id: z.int(),
  family: z.enum(['inet', 'inet6']).optional(),
  gateway: z.string().optional(),
  linkIndex: LinkIndex.optional(),
  isBlackhole: z.boolean(),
  group: z.array(z.object({ id: z.int(), weight: z.int() })).optional(),
  protocol: z.string(),
  encap: RouteEncap.optional(),
  raw: Raw,
});
export type NextHop = z.infer<typeof NextHop>;

/** A policy rule, `ip rule`. */
export const PolicyRule = z.object({
  family: z.enum(['inet', 'inet6']),
  priority: z.int(),
  from: z.string().optional(),
  to: z.string().optional(),
  inputLink: z.string().optional(),
  outputLink: z.string().optional(),
  /** `0x4/0x4` */
  mark: z.string().optional(),
  /** Number of the table, for the action `lookup`. */
  table: z.int().optional(),
  /** lookup, goto, nop, blackhole, unreachable, prohibit */
  action: z.string(),
  raw: Raw,
});
export type PolicyRule = z.infer<typeof PolicyRule>;

export const Neighbour = z.object({
  linkIndex: LinkIndex,
  family: z.enum(['inet', 'inet6']),
  ip: z.string(),
  mac: z.string().optional(),
  /** NUD_* in lower case: reachable, stale, delay, probe, failed, permanent, noarp, incomplete */
  state: z.string(),
  flags: z.array(z.string()),
  raw: Raw,
});
export type Neighbour = z.infer<typeof Neighbour>;

/** One entry of a bridge's (or vxlan's) forwarding database, `bridge fdb`. */
export const FdbEntry = z.object({
  linkIndex: LinkIndex,
  mac: z.string(),
  vlan: z.int().optional(),
  masterIndex: LinkIndex.optional(),
  remoteIp: z.string().optional(),
  /** permanent, static, reachable, stale */
  state: z.string(),
  flags: z.array(z.string()),
  raw: Raw,
});
export type FdbEntry = z.infer<typeof FdbEntry>;

/** A set that rules match addresses against, `ipset`. */
export const IpSet = z.object({
  name: z.string(),
  /** hash:ip, hash:net,port, list:set, … */
  kind: z.string(),
  family: z.enum(['inet', 'inet6']).optional(),
  /** As `ipset save` prints them, without timeouts and counters, which move by themselves: `10.0.0.0/8`, `10.0.0.1,tcp:80`. */
  entries: z.array(z.string()),
});
export type IpSet = z.infer<typeof IpSet>;

/** One rule as iptables-save prints it, with its counters. */
export const IptablesRule = z.object({
  table: z.string(),
  chain: z.string(),
  /** Place in the chain, from 1, as `iptables -L --line-numbers` counts. */
  number: z.int().positive(),
  /** `-A FORWARD -s 10.240.0.0/16 -j ACCEPT` */
  text: z.string(),
  packets: z.int(),
  bytes: z.int(),
});
export type IptablesRule = z.infer<typeof IptablesRule>;

export const IptablesChain = z.object({
  table: z.string(),
  chain: z.string(),
  /** ACCEPT or DROP for a built-in chain, absent for a user-defined one. */
  policy: z.string().optional(),
  packets: z.int(),
  bytes: z.int(),
});
export type IptablesChain = z.infer<typeof IptablesChain>;

export const Iptables = z.object({
  family: z.enum(['inet', 'inet6']),
  backend: z.enum(['nf_tables', 'legacy']),
  chains: z.array(IptablesChain),
  rules: z.array(IptablesRule),
});
export type Iptables = z.infer<typeof Iptables>;

export const Netfilter = z.object({
  iptables: z.array(Iptables),
  /** What `nft -j list ruleset` printed: the array below `nftables`, handles included. */
  nft: z.array(Raw),
  /** Absent in snapshots from before they were read. */
  ipsets: z.array(IpSet).optional(),
  /** Readings that failed, each as one line: a missing tool, a refused syscall. Unknown is shown as unknown. */
  problems: z.array(z.string()),
});
export type Netfilter = z.infer<typeof Netfilter>;

export const NetworkNamespace = z.object({
  id: NetnsId,
  /** Paths under which the namespace is bound, `/var/run/netns/cni-…`. Empty for one held by processes alone. */
  names: z.array(z.string()),
  kind: z.enum(['root', 'pod', 'other']),
  links: z.array(Link),
  addresses: z.array(Address),
  routes: z.array(Route),
  rules: z.array(PolicyRule),
  neighbours: z.array(Neighbour),
  fdb: z.array(FdbEntry),
  /** Absent, like the four below, in snapshots from before they were read. */
  nextHops: z.array(NextHop).optional(),
  trafficControl: TrafficControl.optional(),
  bpf: BpfAttachments.optional(),
  bridgeVlans: z.array(BridgeVlans).optional(),
  wireguard: z.array(WireguardDevice).optional(),
  /** `net.ipv4.ip_forward` -> `1`. Only those that steer packets. */
  sysctls: z.record(z.string(), z.string()),
  /** Absent where netfilter was not read yet. */
  netfilter: Netfilter.optional(),
});
export type NetworkNamespace = z.infer<typeof NetworkNamespace>;

export const KernelSnapshot = z.object({
  node: z.string(),
  /** /proc/sys/kernel/random/boot_id, with the agent's own start appended where several nodes share a kernel. */
  bootId: z.string(),
  /** RFC 3339, when the last table was read. */
  time: z.string(),
  /** Counts snapshots and deltas of one agent process together, from 1. */
  sequence: z.int().positive(),
  namespaces: z.array(NetworkNamespace),
});
export type KernelSnapshot = z.infer<typeof KernelSnapshot>;
