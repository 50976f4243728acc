import type { AttributeTable } from './decode-attributes.ts';

/**
 * Link attributes as data. include/uapi/linux/if_link.h.
 * `skip` drops what changes by itself (counters, timers): a record that changes without a cause would be resent for ever.
 * It also drops sizes of queues and segments: every link has a dozen of them and none decides where a packet goes.
 */

const xdpAttributes: AttributeTable = {
  1: ['IFLA_XDP_FD', 'skip'],
  2: ['IFLA_XDP_ATTACHED', 'u8'],
  3: ['IFLA_XDP_FLAGS', 'u32'],
  4: ['IFLA_XDP_PROG_ID', 'u32'],
  5: ['IFLA_XDP_DRV_PROG_ID', 'u32'],
  6: ['IFLA_XDP_SKB_PROG_ID', 'u32'],
  7: ['IFLA_XDP_HW_PROG_ID', 'u32'],
};

const linkInfoAttributes: AttributeTable = {
  1: ['IFLA_INFO_KIND', 'string'],
  // The meaning of the data depends on the kind: decoded afterwards.
  2: ['IFLA_INFO_DATA', 'hex'],
  3: ['IFLA_INFO_XSTATS', 'skip'],
  4: ['IFLA_INFO_SLAVE_KIND', 'string'],
  5: ['IFLA_INFO_SLAVE_DATA', 'hex'],
};

export const linkAttributes: AttributeTable = {
  1: ['IFLA_ADDRESS', 'mac'],
  2: ['IFLA_BROADCAST', 'mac'],
  3: ['IFLA_IFNAME', 'string'],
  4: ['IFLA_MTU', 'u32'],
  5: ['IFLA_LINK', 'u32'],
  6: ['IFLA_QDISC', 'string'],
  7: ['IFLA_STATS', 'skip'],
  10: ['IFLA_MASTER', 'u32'],
  12: ['IFLA_PROTINFO', 'skip'],
  13: ['IFLA_TXQLEN', 'u32'],
  14: ['IFLA_MAP', 'skip'],
  16: ['IFLA_OPERSTATE', 'u8'],
  17: ['IFLA_LINKMODE', 'u8'],
  18: ['IFLA_LINKINFO', { nested: linkInfoAttributes }],
  20: ['IFLA_IFALIAS', 'string'],
  21: ['IFLA_NUM_VF', 'skip'],
  23: ['IFLA_STATS64', 'skip'],
  26: ['IFLA_AF_SPEC', 'skip'],
  27: ['IFLA_GROUP', 'u32'],
  30: ['IFLA_PROMISCUITY', 'u32'],
  31: ['IFLA_NUM_TX_QUEUES', 'skip'],
  32: ['IFLA_NUM_RX_QUEUES', 'skip'],
  33: ['IFLA_CARRIER', 'u8'],
  34: ['IFLA_PHYS_PORT_ID', 'hex'],
  35: ['IFLA_CARRIER_CHANGES', 'skip'],
  36: ['IFLA_PHYS_SWITCH_ID', 'hex'],
  37: ['IFLA_LINK_NETNSID', 'i32'],
  38: ['IFLA_PHYS_PORT_NAME', 'string'],
  39: ['IFLA_PROTO_DOWN', 'u8'],
  40: ['IFLA_GSO_MAX_SEGS', 'skip'],
  41: ['IFLA_GSO_MAX_SIZE', 'skip'],
  // Says why a notification came.
  44: ['IFLA_EVENT', 'skip'],
  43: ['IFLA_XDP', { nested: xdpAttributes }],
  46: ['IFLA_IF_NETNSID', 'i32'],
  47: ['IFLA_CARRIER_UP_COUNT', 'skip'],
  48: ['IFLA_CARRIER_DOWN_COUNT', 'skip'],
  50: ['IFLA_MIN_MTU', 'skip'],
  51: ['IFLA_MAX_MTU', 'skip'],
  52: ['IFLA_PROP_LIST', 'skip'],
  54: ['IFLA_PERM_ADDRESS', 'mac'],
  56: ['IFLA_PARENT_DEV_NAME', 'string'],
  57: ['IFLA_PARENT_DEV_BUS_NAME', 'string'],
  58: ['IFLA_GRO_MAX_SIZE', 'skip'],
  59: ['IFLA_TSO_MAX_SIZE', 'skip'],
  60: ['IFLA_TSO_MAX_SEGS', 'skip'],
  61: ['IFLA_ALLMULTI', 'u32'],
  62: ['IFLA_DEVLINK_PORT', 'skip'],
  63: ['IFLA_GSO_IPV4_MAX_SIZE', 'skip'],
  64: ['IFLA_GRO_IPV4_MAX_SIZE', 'skip'],
  65: ['IFLA_DPLL_PIN', 'skip'],
  66: ['IFLA_MAX_PACING_OFFLOAD_HORIZON', 'skip'],
  67: ['IFLA_NETNS_IMMUTABLE', 'u8'],
  68: ['IFLA_HEADROOM', 'skip'],
  69: ['IFLA_TAILROOM', 'skip'],
};
