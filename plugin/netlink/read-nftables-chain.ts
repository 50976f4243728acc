import { decodeAttributes, encodeString, indexAttributes, joinBytes, readString } from './netlink-message.ts';
import { NetlinkError, type NetlinkSocket } from './netlink-socket.ts';
import { NFT_MSG, NFTA_CHAIN, NFTA_EXPR, NFTA_MATCH, NFTA_RULE, NFTA_VERDICT } from './netlink-tables.ts';

export type NftablesChain = {
  /** NFPROTO_IPV4 or NFPROTO_IPV6, the numbers of AF_INET and AF_INET6. include/uapi/linux/netfilter.h */
  readonly family: number;
  readonly table: string;
  readonly chain: string;
};

export type NftablesRule = {
  /** Its number in the table. A rule that replaces it in place takes it over (net/netfilter/nf_tables_api.c). */
  readonly handle: number;
  /** What it does and its user data, without its counters: the same bytes as long as it is the same rule. */
  readonly content: Uint8Array;
  /** Of `nft … comment` and of `iptables -m comment`. */
  readonly comment: string | undefined;
  /** The chain that every packet goes on to from here; a jump under a condition is none. */
  readonly jumpTarget: string | undefined;
};

const NO_BYTES = new Uint8Array();

/** The type of a comment in a rule's user data: nft's own convention, the kernel keeps the bytes as they are. */
const COMMENT_TYPE = 0;

export function hasNftablesChain(socket: NetlinkSocket, { family, table, chain }: NftablesChain): boolean {
  const names = [encodeString(NFTA_CHAIN.TABLE, table), encodeString(NFTA_CHAIN.NAME, chain)];
  const body = joinBytes(familyHeader(family), ...names);
  return requestOne(socket, { type: NFT_MSG.GETCHAIN, body, object: `nf_tables chain ${chain}` }) !== undefined;
}

/** The rules in the order in which packets meet them; none where the chain is not there. */
export function listNftablesRules(
  socket: NetlinkSocket,
  { family, table, chain }: NftablesChain,
): readonly NftablesRule[] {
  const names = [encodeString(NFTA_RULE.TABLE, table), encodeString(NFTA_RULE.CHAIN, chain)];
  const body = joinBytes(familyHeader(family), ...names);
  return socket.dump(NFT_MSG.GETRULE, body, `rules of the nf_tables chain ${chain}`).map((message) => {
    const attributes = indexAttributes(message.body, NFGENMSG_BYTES);
    const expressions = decodeExpressions(attributes.get(NFTA_RULE.EXPRESSIONS) ?? NO_BYTES);
    const userData = attributes.get(NFTA_RULE.USERDATA) ?? NO_BYTES;
    return {
      handle: readU64(attributes.get(NFTA_RULE.HANDLE) ?? NO_BYTES),
      content: joinBytes(...expressions.map(({ bytes }) => bytes), userData),
      comment: findCommentMatch(expressions) ?? findUserComment(userData),
      jumpTarget: findJumpTarget(expressions),
    };
  });
}

/** struct nfgenmsg: family u8, version u8, res_id be16. include/uapi/linux/netfilter/nfnetlink.h */
const NFGENMSG_BYTES = 4;

function familyHeader(family: number): Uint8Array {
  return Uint8Array.of(family, 0, 0, 0);
}

/** A kernel without nf_tables answers EINVAL or EOPNOTSUPP: for the question asked, that is an absent object too. */
function requestOne(
  socket: NetlinkSocket,
  request: Parameters<NetlinkSocket['request']>[0],
): ReadonlyMap<number, Uint8Array> | undefined {
  try {
    const [answer] = socket.request(request);
    return answer === undefined ? undefined : indexAttributes(answer.body, NFGENMSG_BYTES);
  } catch (error) {
    if (error instanceof NetlinkError && ['ENOENT', 'EINVAL', 'EOPNOTSUPP'].includes(error.code)) return undefined;
    throw error;
  }
}

type Expression = { readonly name: string; readonly data: Uint8Array; readonly bytes: Uint8Array };

/** Without counters, which every packet changes. */
function decodeExpressions(list: Uint8Array): readonly Expression[] {
  return decodeAttributes(list)
    .map(({ value: bytes }) => {
      const expression = indexAttributes(bytes);
      const name = readString(expression.get(NFTA_EXPR.NAME) ?? NO_BYTES);
      return { name, data: expression.get(NFTA_EXPR.DATA) ?? NO_BYTES, bytes };
    })
    .filter(({ name }) => name !== 'counter');
}

/** struct xt_comment_info is the text alone. include/uapi/linux/netfilter/xt_comment.h */
function findCommentMatch(expressions: readonly Expression[]): string | undefined {
  for (const { name, data } of expressions) {
    if (name !== 'match') continue;
    const match = indexAttributes(data);
    const info = match.get(NFTA_MATCH.INFO);
    if (info !== undefined && readString(match.get(NFTA_MATCH.NAME) ?? NO_BYTES) === 'comment') return readString(info);
  }
  return undefined;
}

/** Records of type u8, length u8 and so many bytes. */
function findUserComment(data: Uint8Array): string | undefined {
  for (let at = 0; at + 2 <= data.byteLength; at += 2 + (data[at + 1] ?? 0)) {
    if (data[at] === COMMENT_TYPE) return readString(data.subarray(at + 2, at + 2 + (data[at + 1] ?? 0)));
  }
  return undefined;
}

function findJumpTarget(expressions: readonly Expression[]): string | undefined {
  const [verdict, ...conditions] = expressions;
  if (verdict?.name !== 'immediate' || conditions.length > 0) return undefined;
  const data = indexAttributes(verdict.data).get(NFTA_VERDICT.IMMEDIATE_DATA);
  const code = data === undefined ? undefined : indexAttributes(data).get(NFTA_VERDICT.DATA_VERDICT);
  const chain = code === undefined ? undefined : indexAttributes(code).get(NFTA_VERDICT.CHAIN);
  return chain === undefined ? undefined : readString(chain);
}

/** Handles count up from 1, far from where a double loses them. */
function readU64(value: Uint8Array): number {
  return Number(new DataView(value.buffer, value.byteOffset, value.byteLength).getBigUint64(0, false));
}
