import { indexAttributes } from './netlink-message.ts';
import { NetlinkError, type NetlinkSocket } from './netlink-socket.ts';

/** NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETGEN. include/uapi/linux/netfilter/nfnetlink.h, nf_tables.h */
const NFT_MSG_GETGEN = (10 << 8) | 16;
const NFTA_GEN_ID = 1;
/** struct nfgenmsg: family u8, version u8, res_id be16 */
const nfgenmsgBytes = 4;

/**
 * Reads the generation number of the nf_tables ruleset in the socket's namespace: it grows with every committed change,
 * and stands at {@link untouchedGeneration} where nobody ever made a rule.
 * @param socket one of the protocol NETLINK.NETFILTER
 * @returns `undefined` where the kernel has no nf_tables
 */
export function readNftablesGeneration(socket: NetlinkSocket): number | undefined {
  try {
    const body = new Uint8Array(nfgenmsgBytes);
    const [answer] = socket.request({ type: NFT_MSG_GETGEN, body, object: 'nf_tables generation' });
    const value = answer === undefined ? undefined : indexAttributes(answer.body, nfgenmsgBytes).get(NFTA_GEN_ID);
    return value === undefined ? undefined : new DataView(value.buffer, value.byteOffset).getUint32(0, false);
  } catch (error) {
    if (error instanceof NetlinkError) return undefined;
    throw error;
  }
}

/** net/netfilter/nf_tables_api.c, nf_tables_init_net: base_seq begins at 1. */
export const untouchedGeneration = 1;
