import type { IpSet } from '#model/kernel/kernel-snapshot.ts';
import { decodeIpsetPart } from './decode-ipset.ts';
import { encodeU8, joinBytes } from './netlink-message.ts';
import type { NetlinkSocket } from './netlink-socket.ts';
import { IPSET_ATTR, IPSET_CMD_LIST } from './netlink-tables.ts';

/** The oldest one that kernels still speak. include/uapi/linux/netfilter/ipset/ip_set.h */
const IPSET_PROTOCOL = 6;
/** struct nfgenmsg: family, version, res_id */
const NFGENMSG = Uint8Array.of(0, 0, 0, 0);

/**
 * Lists the sets of the socket's namespace with their entries.
 * @param socket one of the protocol NETLINK.NETFILTER
 * @throws NetlinkError where the kernel refuses
 */
export function readIpsets(socket: NetlinkSocket): readonly IpSet[] {
  const sets = new Map<string, IpSet>();
  const body = joinBytes(NFGENMSG, encodeU8(IPSET_ATTR.PROTOCOL, IPSET_PROTOCOL));
  for (const message of socket.dump(IPSET_CMD_LIST, body, 'ipsets')) {
    const part = decodeIpsetPart(message.body, (name) => sets.get(name)?.kind);
    if (part === undefined) continue;
    const known = sets.get(part.name);
    if (known !== undefined) known.entries.push(...part.entries);
    else {
      const family = part.family === undefined ? {} : { family: part.family };
      sets.set(part.name, { name: part.name, kind: part.kind ?? 'unknown', ...family, entries: [...part.entries] });
    }
  }
  // The order of a hash is that of its buckets, which growing changes.
  for (const { entries } of sets.values()) entries.sort();
  return [...sets.values()];
}
