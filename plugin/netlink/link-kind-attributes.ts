import type { AttributeTable } from './decode-attributes.ts';

/** IFLA_INFO_DATA as data. include/uapi/linux/if_link.h; what `skip` drops: link-attributes.ts. */

/** 0x8100 is 802.1Q. include/uapi/linux/if_ether.h */
const formatVlanProtocol = (payload: Uint8Array): string => {
  const protocol = ((payload[0] ?? 0) << 8) | (payload[1] ?? 0);
  return protocol === 0x8100 ? '802.1Q' : protocol === 0x88a8 ? '802.1ad' : `0x${protocol.toString(16)}`;
};

const bridgeData: AttributeTable = {
  1: ['IFLA_BR_FORWARD_DELAY', 'u32'],
  2: ['IFLA_BR_HELLO_TIME', 'u32'],
  3: ['IFLA_BR_MAX_AGE', 'u32'],
  4: ['IFLA_BR_AGEING_TIME', 'u32'],
  5: ['IFLA_BR_STP_STATE', 'u32'],
  6: ['IFLA_BR_PRIORITY', 'u16'],
  7: ['IFLA_BR_VLAN_FILTERING', 'u8'],
  8: ['IFLA_BR_VLAN_PROTOCOL', { decode: formatVlanProtocol }],
  9: ['IFLA_BR_GROUP_FWD_MASK', 'u16'],
  10: ['IFLA_BR_ROOT_ID', 'hex'],
  11: ['IFLA_BR_BRIDGE_ID', 'hex'],
  12: ['IFLA_BR_ROOT_PORT', 'u16'],
  13: ['IFLA_BR_ROOT_PATH_COST', 'u32'],
  14: ['IFLA_BR_TOPOLOGY_CHANGE', 'skip'],
  15: ['IFLA_BR_TOPOLOGY_CHANGE_DETECTED', 'skip'],
  16: ['IFLA_BR_HELLO_TIMER', 'skip'],
  17: ['IFLA_BR_TCN_TIMER', 'skip'],
  18: ['IFLA_BR_TOPOLOGY_CHANGE_TIMER', 'skip'],
  19: ['IFLA_BR_GC_TIMER', 'skip'],
  20: ['IFLA_BR_GROUP_ADDR', 'mac'],
  22: ['IFLA_BR_MCAST_ROUTER', 'u8'],
  23: ['IFLA_BR_MCAST_SNOOPING', 'u8'],
  24: ['IFLA_BR_MCAST_QUERY_USE_IFADDR', 'u8'],
  25: ['IFLA_BR_MCAST_QUERIER', 'u8'],
  26: ['IFLA_BR_MCAST_HASH_ELASTICITY', 'skip'],
  27: ['IFLA_BR_MCAST_HASH_MAX', 'skip'],
  28: ['IFLA_BR_MCAST_LAST_MEMBER_CNT', 'skip'],
  29: ['IFLA_BR_MCAST_STARTUP_QUERY_CNT', 'skip'],
  30: ['IFLA_BR_MCAST_LAST_MEMBER_INTVL', 'skip'],
  31: ['IFLA_BR_MCAST_MEMBERSHIP_INTVL', 'skip'],
  32: ['IFLA_BR_MCAST_QUERIER_INTVL', 'skip'],
  33: ['IFLA_BR_MCAST_QUERY_INTVL', 'skip'],
  34: ['IFLA_BR_MCAST_QUERY_RESPONSE_INTVL', 'skip'],
  35: ['IFLA_BR_MCAST_STARTUP_QUERY_INTVL', 'skip'],
  36: ['IFLA_BR_NF_CALL_IPTABLES', 'u8'],
  37: ['IFLA_BR_NF_CALL_IP6TABLES', 'u8'],
  38: ['IFLA_BR_NF_CALL_ARPTABLES', 'u8'],
  39: ['IFLA_BR_VLAN_DEFAULT_PVID', 'u16'],
  40: ['IFLA_BR_PAD', 'skip'],
  42: ['IFLA_BR_MCAST_STATS_ENABLED', 'skip'],
  43: ['IFLA_BR_MCAST_IGMP_VERSION', 'skip'],
  44: ['IFLA_BR_MCAST_MLD_VERSION', 'skip'],
  46: ['IFLA_BR_MULTI_BOOLOPT', 'hex'],
  47: ['IFLA_BR_MCAST_QUERIER_STATE', 'skip'],
  48: ['IFLA_BR_FDB_N_LEARNED', 'skip'],
  49: ['IFLA_BR_FDB_MAX_LEARNED', 'u32'],
};

const vxlanData: AttributeTable = {
  1: ['IFLA_VXLAN_ID', 'u32'],
  2: ['IFLA_VXLAN_GROUP', 'ip'],
  3: ['IFLA_VXLAN_LINK', 'u32'],
  4: ['IFLA_VXLAN_LOCAL', 'ip'],
  5: ['IFLA_VXLAN_TTL', 'u8'],
  6: ['IFLA_VXLAN_TOS', 'u8'],
  7: ['IFLA_VXLAN_LEARNING', 'u8'],
  8: ['IFLA_VXLAN_AGEING', 'u32'],
  9: ['IFLA_VXLAN_LIMIT', 'u32'],
  11: ['IFLA_VXLAN_PROXY', 'u8'],
  12: ['IFLA_VXLAN_RSC', 'u8'],
  13: ['IFLA_VXLAN_L2MISS', 'u8'],
  14: ['IFLA_VXLAN_L3MISS', 'u8'],
  15: ['IFLA_VXLAN_PORT', 'be16'],
  16: ['IFLA_VXLAN_GROUP6', 'ip'],
  17: ['IFLA_VXLAN_LOCAL6', 'ip'],
  18: ['IFLA_VXLAN_UDP_CSUM', 'u8'],
  25: ['IFLA_VXLAN_COLLECT_METADATA', 'u8'],
};

const bondData: AttributeTable = {
  1: ['IFLA_BOND_MODE', 'u8'],
  2: ['IFLA_BOND_ACTIVE_SLAVE', 'u32'],
  3: ['IFLA_BOND_MIIMON', 'u32'],
  4: ['IFLA_BOND_UPDELAY', 'u32'],
  5: ['IFLA_BOND_DOWNDELAY', 'u32'],
  6: ['IFLA_BOND_USE_CARRIER', 'u8'],
  7: ['IFLA_BOND_ARP_INTERVAL', 'u32'],
  9: ['IFLA_BOND_ARP_VALIDATE', 'u32'],
  11: ['IFLA_BOND_PRIMARY', 'u32'],
  12: ['IFLA_BOND_PRIMARY_RESELECT', 'u8'],
  13: ['IFLA_BOND_FAIL_OVER_MAC', 'u8'],
  14: ['IFLA_BOND_XMIT_HASH_POLICY', 'u8'],
  21: ['IFLA_BOND_AD_LACP_RATE', 'u8'],
  22: ['IFLA_BOND_AD_SELECT', 'u8'],
};

const tunData: AttributeTable = {
  1: ['IFLA_TUN_OWNER', 'u32'],
  2: ['IFLA_TUN_GROUP', 'u32'],
  3: ['IFLA_TUN_TYPE', 'u8'],
  4: ['IFLA_TUN_PI', 'u8'],
  5: ['IFLA_TUN_VNET_HDR', 'u8'],
  // Set after the link is told of, and without a word.
  6: ['IFLA_TUN_PERSIST', 'skip'],
  7: ['IFLA_TUN_MULTI_QUEUE', 'u8'],
  8: ['IFLA_TUN_NUM_QUEUES', 'u32'],
  9: ['IFLA_TUN_NUM_DISABLED_QUEUES', 'u32'],
};

/** include/uapi/linux/if_tunnel.h */
const greData: AttributeTable = {
  1: ['IFLA_GRE_LINK', 'u32'],
  2: ['IFLA_GRE_IFLAGS', 'be16'],
  3: ['IFLA_GRE_OFLAGS', 'be16'],
  4: ['IFLA_GRE_IKEY', 'be32'],
  5: ['IFLA_GRE_OKEY', 'be32'],
  6: ['IFLA_GRE_LOCAL', 'ip'],
  7: ['IFLA_GRE_REMOTE', 'ip'],
  8: ['IFLA_GRE_TTL', 'u8'],
  9: ['IFLA_GRE_TOS', 'u8'],
  10: ['IFLA_GRE_PMTUDISC', 'u8'],
  14: ['IFLA_GRE_ENCAP_TYPE', 'u16'],
  16: ['IFLA_GRE_ENCAP_SPORT', 'be16'],
  17: ['IFLA_GRE_ENCAP_DPORT', 'be16'],
  18: ['IFLA_GRE_COLLECT_METADATA', 'flag'],
  20: ['IFLA_GRE_FWMARK', 'u32'],
};

/** ipip, sit and ip6tnl. include/uapi/linux/if_tunnel.h */
const ipTunnelData: AttributeTable = {
  1: ['IFLA_IPTUN_LINK', 'u32'],
  2: ['IFLA_IPTUN_LOCAL', 'ip'],
  3: ['IFLA_IPTUN_REMOTE', 'ip'],
  4: ['IFLA_IPTUN_TTL', 'u8'],
  5: ['IFLA_IPTUN_TOS', 'u8'],
  9: ['IFLA_IPTUN_PROTO', 'u8'],
  10: ['IFLA_IPTUN_PMTUDISC', 'u8'],
  15: ['IFLA_IPTUN_ENCAP_TYPE', 'u16'],
  17: ['IFLA_IPTUN_ENCAP_SPORT', 'be16'],
  18: ['IFLA_IPTUN_ENCAP_DPORT', 'be16'],
  19: ['IFLA_IPTUN_COLLECT_METADATA', 'flag'],
  20: ['IFLA_IPTUN_FWMARK', 'u32'],
};

const geneveData: AttributeTable = {
  1: ['IFLA_GENEVE_ID', 'u32'],
  2: ['IFLA_GENEVE_REMOTE', 'ip'],
  3: ['IFLA_GENEVE_TTL', 'u8'],
  4: ['IFLA_GENEVE_TOS', 'u8'],
  5: ['IFLA_GENEVE_PORT', 'be16'],
  6: ['IFLA_GENEVE_COLLECT_METADATA', 'flag'],
  7: ['IFLA_GENEVE_REMOTE6', 'ip'],
};

const macvlanData: AttributeTable = { 1: ['IFLA_MACVLAN_MODE', 'u32'], 2: ['IFLA_MACVLAN_FLAGS', 'u16'] };

/** IFLA_INFO_DATA by kind. A kind that is not here keeps its data as hex. */
export const linkInfoData: Readonly<Record<string, AttributeTable>> = {
  bridge: bridgeData,
  vxlan: vxlanData,
  vlan: {
    1: ['IFLA_VLAN_ID', 'u16'],
    5: ['IFLA_VLAN_PROTOCOL', { decode: formatVlanProtocol }],
  },
  macvlan: macvlanData,
  macvtap: macvlanData,
  ipvlan: { 1: ['IFLA_IPVLAN_MODE', 'u16'], 2: ['IFLA_IPVLAN_FLAGS', 'u16'] },
  vrf: { 1: ['IFLA_VRF_TABLE', 'u32'] },
  bond: bondData,
  tun: tunData,
  gre: greData,
  gretap: greData,
  ip6gre: greData,
  ip6gretap: greData,
  ipip: ipTunnelData,
  sit: ipTunnelData,
  ip6tnl: ipTunnelData,
  geneve: geneveData,
};
