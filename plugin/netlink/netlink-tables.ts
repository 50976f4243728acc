/**
 * Numbers of the kernel's interface, as data. Each table names the header it comes from.
 * Only what Podwire sends or reads is listed.
 */

/** include/linux/socket.h */
export const AF = { UNSPEC: 0, INET: 2, BRIDGE: 7, INET6: 10, NETLINK: 16, PACKET: 17 } as const;

/** include/linux/net.h; the flags are those of include/uapi/asm-generic/fcntl.h */
export const SOCK = { RAW: 3, NONBLOCK: 0x800, CLOEXEC: 0x80000 } as const;

/** include/uapi/linux/netlink.h */
export const NETLINK = { ROUTE: 0, NETFILTER: 12, GENERIC: 16 } as const;

/** Socket options at the level SOL_NETLINK. include/uapi/linux/netlink.h */
export const SOL_NETLINK = 270;
export const NETLINK_OPTION = {
  ADD_MEMBERSHIP: 1,
  NO_ENOBUFS: 5,
  LISTEN_ALL_NSID: 8,
  CAP_ACK: 10,
  EXT_ACK: 11,
  GET_STRICT_CHK: 12,
} as const;

/** include/uapi/asm-generic/socket.h */
export const SOL_SOCKET = 1;
export const SO_RCVBUF = 8;
/** Beyond net.core.rmem_max, for whoever is root of the machine. */
export const SO_RCVBUFFORCE = 33;

/** include/uapi/linux/netlink.h */
export const NLMSG = { NOOP: 1, ERROR: 2, DONE: 3, OVERRUN: 4 } as const;

/** include/uapi/linux/netlink.h */
export const NLM_F = {
  REQUEST: 0x1,
  MULTI: 0x2,
  ACK: 0x4,
  ECHO: 0x8,
  DUMP_INTR: 0x10,
  CAPPED: 0x100,
  ACK_TLVS: 0x200,
  DUMP: 0x300,
  REPLACE: 0x100,
  EXCL: 0x200,
  CREATE: 0x400,
  APPEND: 0x800,
} as const;

/** enum nlmsgerr_attrs, include/uapi/linux/netlink.h */
export const NLMSGERR_ATTR = { MSG: 1 } as const;

/** include/uapi/linux/rtnetlink.h */
export const RTM = {
  NEWLINK: 16,
  DELLINK: 17,
  GETLINK: 18,
  SETLINK: 19,
  NEWADDR: 20,
  DELADDR: 21,
  GETADDR: 22,
  NEWROUTE: 24,
  DELROUTE: 25,
  GETROUTE: 26,
  NEWNEIGH: 28,
  DELNEIGH: 29,
  GETNEIGH: 30,
  NEWRULE: 32,
  DELRULE: 33,
  GETRULE: 34,
  NEWQDISC: 36,
  DELQDISC: 37,
  GETQDISC: 38,
  NEWTCLASS: 40,
  DELTCLASS: 41,
  GETTCLASS: 42,
  NEWTFILTER: 44,
  DELTFILTER: 45,
  GETTFILTER: 46,
  NEWNETCONF: 80,
  DELNETCONF: 81,
  NEWNSID: 88,
  DELNSID: 89,
  GETNSID: 90,
  NEWNEXTHOP: 104,
  DELNEXTHOP: 105,
  GETNEXTHOP: 106,
  NEWVLAN: 112,
  DELVLAN: 113,
} as const;

/** Multicast groups, enum rtnetlink_groups. include/uapi/linux/rtnetlink.h */
export const RTNLGRP = {
  LINK: 1,
  NEIGH: 3,
  TC: 4,
  IPV4_IFADDR: 5,
  IPV4_ROUTE: 7,
  IPV4_RULE: 8,
  IPV6_IFADDR: 9,
  IPV6_ROUTE: 11,
  IPV6_RULE: 19,
  IPV4_NETCONF: 24,
  IPV6_NETCONF: 25,
  NSID: 28,
  NEXTHOP: 32,
  BRVLAN: 33,
} as const;

/** Multicast group of nf_tables, enum nfnetlink_groups. include/uapi/linux/netfilter/nfnetlink.h */
export const NFNLGRP_NFTABLES = 7;

/** include/uapi/linux/if_link.h */
export const IFLA = {
  ADDRESS: 1,
  BROADCAST: 2,
  IFNAME: 3,
  MTU: 4,
  LINK: 5,
  MASTER: 10,
  PROTINFO: 12,
  OPERSTATE: 16,
  LINKINFO: 18,
  AF_SPEC: 26,
  GROUP: 27,
  NET_NS_FD: 28,
  EXT_MASK: 29,
  LINK_NETNSID: 37,
  NEW_NETNSID: 45,
} as const;

/** Nested in IFLA_LINKINFO. include/uapi/linux/if_link.h */
export const IFLA_INFO = { KIND: 1, DATA: 2, SLAVE_KIND: 4, SLAVE_DATA: 5 } as const;

/** Nested in IFLA_INFO_DATA of a bridge. include/uapi/linux/if_link.h */
export const IFLA_BR = { VLAN_FILTERING: 7, VLAN_DEFAULT_PVID: 39 } as const;

/** Nested in IFLA_INFO_DATA of a VXLAN link; the port is in network byte order. include/uapi/linux/if_link.h */
export const IFLA_VXLAN = { ID: 1, LOCAL: 4, LEARNING: 7, PORT: 15, LOCAL6: 17 } as const;

/** Nested in IFLA_INFO_DATA of a VLAN link. include/uapi/linux/if_link.h */
export const IFLA_VLAN_ID = 1;

/** Nested in IFLA_AF_SPEC of AF_BRIDGE. include/uapi/linux/if_bridge.h */
export const IFLA_BRIDGE = { FLAGS: 0, VLAN_INFO: 2 } as const;

/** In IFLA_BRIDGE_FLAGS: the bridge as a member, not the port. include/uapi/linux/if_bridge.h */
export const BRIDGE_FLAGS_SELF = 2;

/** include/uapi/linux/if_bridge.h */
export const BRIDGE_VLAN_INFO = { PVID: 2, UNTAGGED: 4, RANGE_BEGIN: 8, RANGE_END: 16 } as const;

/** In IFLA_EXT_MASK: a dump of ports tells their VLANs, each by itself. include/uapi/linux/rtnetlink.h */
export const RTEXT_FILTER_BRVLAN = 2;
/** The same with ranges. */
export const RTEXT_FILTER_BRVLAN_COMPRESSED = 4;

/** Nested in IFLA_INFO_DATA of a veth. include/uapi/linux/veth.h */
export const VETH_INFO_PEER = 1;

/** Nested in IFLA_PROTINFO of AF_BRIDGE, and in IFLA_INFO_SLAVE_DATA. include/uapi/linux/if_link.h */
export const IFLA_BRPORT = { STATE: 1, MODE: 4, LEARNING: 8, UNICAST_FLOOD: 9, ISOLATED: 33 } as const;

/** In bit order. include/uapi/linux/if.h */
export const IFF = {
  UP: 0x1,
  BROADCAST: 0x2,
  DEBUG: 0x4,
  LOOPBACK: 0x8,
  POINTOPOINT: 0x10,
  NOTRAILERS: 0x20,
  RUNNING: 0x40,
  NOARP: 0x80,
  PROMISC: 0x100,
  ALLMULTI: 0x200,
  MASTER: 0x400,
  SLAVE: 0x800,
  MULTICAST: 0x1000,
  PORTSEL: 0x2000,
  AUTOMEDIA: 0x4000,
  DYNAMIC: 0x8000,
  LOWER_UP: 0x10000,
  DORMANT: 0x20000,
  ECHO: 0x40000,
} as const;

/** include/uapi/linux/if_addr.h */
export const IFA = { ADDRESS: 1, LOCAL: 2, LABEL: 3, BROADCAST: 4, FLAGS: 8, RT_PRIORITY: 9, PROTO: 11 } as const;

/** include/uapi/linux/if_addr.h */
export const IFA_F = {
  SECONDARY: 0x01,
  NODAD: 0x02,
  OPTIMISTIC: 0x04,
  DADFAILED: 0x08,
  DEPRECATED: 0x20,
  TENTATIVE: 0x40,
  PERMANENT: 0x80,
  MANAGETEMPADDR: 0x100,
  NOPREFIXROUTE: 0x200,
} as const;

/** include/uapi/linux/rtnetlink.h */
export const RTA = {
  DST: 1,
  SRC: 2,
  IIF: 3,
  OIF: 4,
  GATEWAY: 5,
  PRIORITY: 6,
  PREFSRC: 7,
  METRICS: 8,
  MULTIPATH: 9,
  TABLE: 15,
  VIA: 18,
} as const;

/** Nested in RTA_METRICS. include/uapi/linux/rtnetlink.h */
export const RTAX = { MTU: 2, ADVMSS: 8 } as const;

/** In struct rtmsg: a route made for one destination, which no dump tells. include/uapi/linux/rtnetlink.h */
export const RTM_F_CLONED = 0x200;

/** In IFLA_EXT_MASK: leaves the counters out of links. include/uapi/linux/rtnetlink.h */
export const RTEXT_FILTER_SKIP_STATS = 8;

/** In struct ndmsg: an address that the link answers for. include/uapi/linux/neighbour.h */
export const NTF_PROXY = 8;

/** The last message of every change of a ruleset. include/uapi/linux/netfilter/nf_tables.h */
export const NFT_MSG_NEWGEN = (10 << 8) | 15;

/** include/uapi/linux/rtnetlink.h; 112 is Podwire's own and names the routes it set. */
export const RTPROT = { KERNEL: 2, BOOT: 3, STATIC: 4, PODWIRE: 112 } as const;

/** include/uapi/linux/netconf.h */
export const NETCONFA = { IFINDEX: 1 } as const;

/** include/uapi/linux/rtnetlink.h */
export const RTN = { UNICAST: 1, LOCAL: 2 } as const;
export const RT_SCOPE = { UNIVERSE: 0, SITE: 200, LINK: 253, HOST: 254, NOWHERE: 255 } as const;
export const RT_TABLE = { UNSPEC: 0, MAIN: 254, LOCAL: 255 } as const;

/** include/uapi/linux/neighbour.h */
export const NDA = { DST: 1, LLADDR: 2, VLAN: 5, IFINDEX: 8, MASTER: 9, FLAGS_EXT: 15 } as const;

/** include/uapi/linux/neighbour.h */
export const NUD = {
  INCOMPLETE: 0x01,
  REACHABLE: 0x02,
  STALE: 0x04,
  DELAY: 0x08,
  PROBE: 0x10,
  FAILED: 0x20,
  NOARP: 0x40,
  PERMANENT: 0x80,
} as const;

/** include/uapi/linux/neighbour.h */
export const NTF = { SELF: 0x02 } as const;

/** NFNL_SUBSYS_NFTABLES << 8 with enum nf_tables_msg_types. include/uapi/linux/netfilter/nfnetlink.h, nf_tables.h */
export const NFT_MSG = { GETCHAIN: 0xa04, GETRULE: 0xa07 } as const;

/** include/uapi/linux/netfilter/nf_tables.h */
export const NFTA_CHAIN = { TABLE: 1, NAME: 3 } as const;
export const NFTA_RULE = { TABLE: 1, CHAIN: 2, HANDLE: 3, EXPRESSIONS: 4, USERDATA: 7 } as const;
export const NFTA_EXPR = { NAME: 1, DATA: 2 } as const;

/** An xtables match in an nf_tables rule. include/uapi/linux/netfilter/nf_tables_compat.h */
export const NFTA_MATCH = { NAME: 1, INFO: 3 } as const;

/** From the data of an `immediate` inwards. include/uapi/linux/netfilter/nf_tables.h */
export const NFTA_VERDICT = { IMMEDIATE_DATA: 2, DATA_VERDICT: 2, CHAIN: 2 } as const;

/** NFNL_SUBSYS_IPSET << 8 with enum ipset_cmd. include/uapi/linux/netfilter/ipset/ip_set.h */
export const IPSET_CMD_LIST = (6 << 8) | 7;
export const IPSET_ATTR = { PROTOCOL: 1, SETNAME: 2, TYPENAME: 3, FAMILY: 5, DATA: 7, ADT: 8 } as const;
