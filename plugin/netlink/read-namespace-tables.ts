import type { BridgeVlans } from '#model/kernel/bridge-vlans.ts';
import type { Address, FdbEntry, Neighbour, NextHop, PolicyRule, Route } from '#model/kernel/kernel-snapshot.ts';
import type { Qdisc, TcClass, TcFilter, TrafficControl } from '#model/kernel/traffic-control.ts';
import { decodeAddress } from './decode-address.ts';
import { decodeBridgeVlans } from './decode-bridge-vlans.ts';
import { type DecodedLink, decodeLink } from './decode-link.ts';
import { decodeFdbEntry, decodeNeighbour } from './decode-neighbour.ts';
import { decodeNextHop } from './decode-next-hop.ts';
import { decodePolicyRule } from './decode-policy-rule.ts';
import { decodeRoute } from './decode-route.ts';
import {
  decodeQdisc,
  decodeTcClass,
  decodeTcFilter,
  findClassParent,
  listClassFilterParents,
  listFilterParents,
  placeFilter,
} from './decode-traffic-control.ts';
import { encodeU32, joinBytes } from './netlink-message.ts';
import { NetlinkError, type NetlinkSocket } from './netlink-socket.ts';
import { AF, IFLA, NTF_PROXY, RTEXT_FILTER_BRVLAN_COMPRESSED, RTEXT_FILTER_SKIP_STATS, RTM } from './netlink-tables.ts';
import { type Noise, RecordMemo } from './record-memo.ts';

/** NDA_CACHEINFO and NDA_PROBES, RTA_CACHEINFO, IFA_CACHEINFO: ages that every dump tells anew. */
const neighbourNoise: Noise = new Map([
  [3, 'all'],
  [4, 'all'],
]);
const routeNoise: Noise = new Map([[12, 'all']]);
const addressNoise: Noise = new Map([[6, 'all']]);

/** IFLA_STATS and STATS64; the timers of a bridge port, in IFLA_LINKINFO; IFLA_INET6_CACHEINFO, in IFLA_AF_SPEC. */
const linkNoise: Noise = new Map<number, Noise | 'all'>([
  [7, 'all'],
  [23, 'all'],
  [18, new Map([[5, new Map([21, 22, 23].map((timer) => [timer, 'all']))]])],
  [26, new Map([[AF.INET6, new Map([[5, 'all']])]])],
]);

/** TCA_STATS, XSTATS, RATE and STATS2. */
const classNoise: Noise = new Map([3, 4, 5, 7].map((statistics) => [statistics, 'all']));

/**
 * Reads the tables of a namespace through a socket that belongs to it, each consistent in itself. The family is left open
 * (AF_UNSPEC), so that each family the kernel knows answers once: asked for IPv6 by name, a kernel without it answers with
 * the IPv4 table. Every method throws a NetlinkError where the kernel refuses a dump, EINTR where it never held still.
 */
export class TableReader {
  readonly #links = new RecordMemo<DecodedLink>({ decode: decodeLink, headerBytes: 16, noise: linkNoise });
  readonly #addresses = new RecordMemo<Address>({ decode: decodeAddress, headerBytes: 8, noise: addressNoise });
  readonly #routes = new RecordMemo<Route>({ decode: decodeRoute, headerBytes: 12, noise: routeNoise });
  readonly #rules = new RecordMemo<PolicyRule>({ decode: decodePolicyRule, headerBytes: 12 });
  readonly #neighbours = new RecordMemo<Neighbour>({ decode: decodeNeighbour, headerBytes: 12, noise: neighbourNoise });
  readonly #fdb = new RecordMemo<FdbEntry>({ decode: decodeFdbEntry, headerBytes: 12, noise: neighbourNoise });
  readonly #nextHops = new RecordMemo<NextHop>({ decode: decodeNextHop, headerBytes: 8 });
  readonly #qdiscs = new RecordMemo<Qdisc>({ decode: decodeQdisc, headerBytes: 20 });
  readonly #classes = new RecordMemo<TcClass>({ decode: decodeTcClass, headerBytes: 20, noise: classNoise });
  readonly #filters = new RecordMemo<TcFilter>({ decode: decodeTcFilter, headerBytes: 20 });

  /** After every namespace was read once: what is no longer there is forgotten. */
  forgetUnseen(): void {
    for (const memo of [this.#links, this.#addresses, this.#routes, this.#rules, this.#neighbours, this.#fdb])
      memo.age();
    for (const memo of [this.#nextHops, this.#qdiscs, this.#classes, this.#filters]) memo.age();
  }

  readLinks(socket: NetlinkSocket): DecodedLink[] {
    return readTable(socket, { type: RTM.GETLINK, header: linkRequest(0), memo: this.#links });
  }

  /** @returns `undefined` where there is no such link any more */
  readLink(socket: NetlinkSocket, index: number): DecodedLink | undefined {
    const body = linkRequest(index);
    const [answer] = orNothing(() => socket.request({ type: RTM.GETLINK, body, object: `link ${index}` }), ['ENODEV']);
    return answer && this.#links.decode(answer.body);
  }

  readAddresses(socket: NetlinkSocket): Address[] {
    return readTable(socket, { type: RTM.GETADDR, header: new Uint8Array(8), memo: this.#addresses });
  }

  readRoutes(socket: NetlinkSocket): Route[] {
    return readTable(socket, { type: RTM.GETROUTE, header: new Uint8Array(12), memo: this.#routes });
  }

  readRules(socket: NetlinkSocket): PolicyRule[] {
    return readTable(socket, { type: RTM.GETRULE, header: new Uint8Array(12), memo: this.#rules });
  }

  /** Those that links answer for (`ip neighbour show proxy`) stand in a table of their own, and come last. */
  readNeighbours(socket: NetlinkSocket): Neighbour[] {
    const [header, proxyHeader] = [new Uint8Array(12), new Uint8Array(12)];
    proxyHeader[10] = NTF_PROXY;
    const request = { type: RTM.GETNEIGH, memo: this.#neighbours };
    return [...readTable(socket, { ...request, header }), ...readTable(socket, { ...request, header: proxyHeader })];
  }

  readFdb(socket: NetlinkSocket): FdbEntry[] {
    const header = new Uint8Array(12);
    header[0] = AF.BRIDGE;
    return readTable(socket, { type: RTM.GETNEIGH, header, memo: this.#fdb });
  }

  /** @returns nothing where the kernel was built without VLAN filtering */
  readBridgeVlans(socket: NetlinkSocket): BridgeVlans[] {
    const header = new Uint8Array(16);
    header[0] = AF.BRIDGE;
    const body = joinBytes(header, encodeU32(IFLA.EXT_MASK, RTEXT_FILTER_BRVLAN_COMPRESSED));
    const read = () =>
      socket.dumpEach({ type: RTM.GETLINK, body, object: 'VLANs of bridges' }, (message) =>
        decodeBridgeVlans(message.body),
      );
    return [...orNothing(read, ['EOPNOTSUPP'])].sort((a, b) => a.linkIndex - b.linkIndex);
  }

  readNextHops(socket: NetlinkSocket): readonly NextHop[] {
    const read = () => readTable(socket, { type: RTM.GETNEXTHOP, header: new Uint8Array(8), memo: this.#nextHops });
    return orNothing(read, ['EOPNOTSUPP']);
  }

  readTrafficControl(socket: NetlinkSocket): TrafficControl {
    const all = readTable(socket, { type: RTM.GETQDISC, header: new Uint8Array(20), memo: this.#qdiscs });
    const classes = all.flatMap((qdisc) => {
      const parent = findClassParent(qdisc);
      const header = tcRequest(qdisc.linkIndex, parent ?? 0);
      const read = () => readTable(socket, { type: RTM.GETTCLASS, header, memo: this.#classes });
      return parent === undefined ? [] : orNothing(read, gone);
    });
    const places = [
      ...all.flatMap((qdisc) => listFilterParents(qdisc).map((parent) => ({ linkIndex: qdisc.linkIndex, parent }))),
      ...classes.flatMap((each) =>
        listClassFilterParents(each).map((parent) => ({ linkIndex: each.linkIndex, parent })),
      ),
    ];
    const filters = places.flatMap(({ linkIndex, parent }) => {
      const header = tcRequest(linkIndex, parent);
      // A qdisc without classes has no filters, and one that is gone meanwhile none either.
      const read = () => readTable(socket, { type: RTM.GETTFILTER, header, memo: this.#filters });
      return orNothing(read, gone).map((filter) => placeFilter(filter, linkIndex, parent));
    });
    return { qdiscs: all, filters, classes };
  }
}

interface TableRequest<T> {
  readonly type: number;
  readonly header: Uint8Array;
  readonly memo: RecordMemo<T>;
}

function readTable<T>(socket: NetlinkSocket, { type, header, memo }: TableRequest<T>): T[] {
  return socket.dumpEach({ type, body: header, object: `dump of type ${type}` }, ({ body }) => memo.decode(body));
}

function linkRequest(index: number): Uint8Array {
  const header = new Uint8Array(16);
  new DataView(header.buffer).setInt32(4, index, true);
  return joinBytes(header, encodeU32(IFLA.EXT_MASK, RTEXT_FILTER_SKIP_STATS));
}

const gone = ['EINVAL', 'ENODEV', 'ENOENT', 'EOPNOTSUPP'];

function tcRequest(index: number, parent: number): Uint8Array {
  const header = new Uint8Array(20);
  const view = new DataView(header.buffer);
  view.setInt32(4, index, true);
  view.setUint32(12, parent, true);
  return header;
}

/** @returns an empty list where the kernel answers with one of these codes */
function orNothing<T>(read: () => readonly T[], codes: readonly string[]): readonly T[] {
  try {
    return read();
  } catch (error) {
    if (error instanceof NetlinkError && codes.includes(error.code)) return [];
    throw error;
  }
}
