import type { RecordKind } from '#model/kernel/kernel-delta.ts';
import type { Link, NetnsId, NetworkNamespace } from '#model/kernel/kernel-snapshot.ts';
import { addressId, fdbId, neighbourId, policyRuleId, RECORD_IDS } from '#model/kernel/record-id.ts';
import { equalJson } from '#model/topology/equal-json.ts';
import { decodeAddress } from '#plugin/netlink/decode-address.ts';
import { viewOf } from '#plugin/netlink/decode-attributes.ts';
import { decodeBridgeVlans, putBridgeVlans } from '#plugin/netlink/decode-bridge-vlans.ts';
import { decodeLink, isMove } from '#plugin/netlink/decode-link.ts';
import { decodeAnyNeighbour, decodeFdbEntry } from '#plugin/netlink/decode-neighbour.ts';
import { decodeNetconf } from '#plugin/netlink/decode-netconf.ts';
import { decodePolicyRule } from '#plugin/netlink/decode-policy-rule.ts';
import type { NetlinkMessage } from '#plugin/netlink/netlink-message.ts';
import { AF, RTM } from '#plugin/netlink/netlink-tables.ts';
import { dropLinkHooks } from './drop-link-hooks.ts';
import { keepNamespace, keepSame } from './keep-known.ts';
import { type KnownNamespace, locateLower, mergeSysctls, type Sysctls } from './known-namespace.ts';
import { patchRoute } from './patch-route.ts';
import { RecordTable } from './record-table.ts';

/** What of a namespace has to be read, because no notification tells it. */
export type StalePart = RecordKind | 'nextHops' | 'trafficControl' | 'bridgeVlans' | 'bpf' | 'sysctls';

export interface PatchedNamespace {
  readonly known: KnownNamespace;
  readonly stale: ReadonlySet<StalePart>;
  /** Links to be read one by one. */
  readonly staleLinks: ReadonlySet<number>;
  /**
   * Links of other namespaces that got or lost one above them, or whose other end moved on: what that makes of them, and of
   * the fdb, is told by nobody.
   */
  readonly touchedLinks: readonly TouchedLink[];
}

export interface TouchedLink {
  readonly namespaceId: NetnsId;
  readonly index: number;
}

/** Puts notifications of one namespace into what is known of it, in the order in which the kernel told them. */
export function patchNamespace(known: KnownNamespace, messages: readonly NetlinkMessage[]): PatchedNamespace {
  const patch = new NamespacePatch(known);
  for (const message of messages) patch.apply(message);
  return patch.finish();
}

/** Kinds that give the device below them their own MAC to listen to. */
const stackedKinds: ReadonlySet<string> = new Set(['macvlan', 'macvtap', 'ipvlan', 'vlan']);

/** Kinds whose carrier comes and goes with a process, of which nothing is told while the link is down. drivers/net/tun.c */
const silentKinds: ReadonlySet<string> = new Set(['tun']);

class NamespacePatch {
  readonly #known: KnownNamespace;
  readonly #stale = new Set<StalePart>();
  readonly #staleLinks = new Set<number>();
  readonly #touchedLinks: TouchedLink[] = [];
  readonly #tables = new Map<RecordKind, RecordTable<unknown>>();
  readonly #goneLinks = new Set<number>();
  /** Links that joined or left a VLAN, and whose message with all of theirs did not come after it. */
  readonly #vlanLinks = new Set<number>();
  #bridgeVlans: NetworkNamespace['bridgeVlans'];
  #linkSysctls: Map<number, Sysctls> | undefined;

  constructor(known: KnownNamespace) {
    this.#known = known;
    this.#bridgeVlans = known.namespace.bridgeVlans;
  }

  apply({ type, flags, body }: NetlinkMessage): void {
    switch (type) {
      case RTM.NEWLINK:
      case RTM.DELLINK:
        this.#applyLink(type === RTM.NEWLINK, body);
        break;
      case RTM.NEWADDR:
      case RTM.DELADDR:
        this.#applyAddress(type === RTM.NEWADDR, body);
        break;
      case RTM.NEWROUTE:
      case RTM.DELROUTE:
        patchRoute(this.#table('routes'), { isNew: type === RTM.NEWROUTE, flags, body });
        break;
      case RTM.NEWNEIGH:
      case RTM.DELNEIGH:
        if (body[0] === AF.BRIDGE) this.#applyFdb(type === RTM.NEWNEIGH, body);
        else this.#applyNeighbour(type === RTM.NEWNEIGH, body);
        break;
      case RTM.NEWRULE:
      case RTM.DELRULE:
        this.#applyRule(type === RTM.NEWRULE, body);
        break;
      case RTM.NEWNEXTHOP:
      case RTM.DELNEXTHOP:
        // Groups lose a member and routes their way without a word.
        this.#stale.add('nextHops').add('routes');
        break;
      case RTM.NEWNETCONF:
        this.#applyNetconf(body);
        break;
      case RTM.NEWQDISC:
      case RTM.DELQDISC:
        // The link has the name of its root qdisc.
        this.#staleLinks.add(viewOf(body).getInt32(4, true));
        this.#stale.add('trafficControl');
        break;
      case RTM.NEWVLAN:
      case RTM.DELVLAN:
        // struct br_vlan_msg: family u8, reserved u8 and u16, ifindex u32. include/uapi/linux/if_bridge.h
        this.#vlanLinks.add(viewOf(body).getInt32(4, true));
        break;
      case RTM.NEWTCLASS:
      case RTM.DELTCLASS:
      case RTM.NEWTFILTER:
      case RTM.DELTFILTER:
        this.#stale.add('trafficControl');
    }
  }

  finish(): PatchedNamespace {
    const tables = [...this.#tables].map(([kind, table]) => {
      if (table.isStale) this.#stale.add(kind);
      return [kind, table.finish()];
    });
    if (this.#vlanLinks.size > 0) this.#stale.add('bridgeVlans');
    const linkSysctls = this.#linkSysctls ?? this.#known.linkSysctls;
    const known = { ...this.#known, linkSysctls };
    const before = this.#known.namespace;
    const sysctls = this.#linkSysctls === undefined ? before.sysctls : mergeSysctls(known);
    const bridgeVlans = this.#bridgeVlans && keepSame(before.bridgeVlans, this.#bridgeVlans);
    const hooks = { ...(bridgeVlans && { bridgeVlans }), ...dropLinkHooks(before, this.#goneLinks) };
    const namespace = { ...before, ...Object.fromEntries(tables), ...hooks, sysctls };
    return {
      known: { ...known, namespace: keepNamespace(before, namespace) },
      stale: this.#stale,
      staleLinks: this.#staleLinks,
      touchedLinks: this.#touchedLinks,
    };
  }

  #table<K extends RecordKind>(kind: K): RecordTable<NetworkNamespace[K][number]> {
    type Each = NetworkNamespace[K][number];
    const idOf = RECORD_IDS[kind] as (record: Each) => string;
    const table = this.#tables.get(kind) ?? new RecordTable<Each>(this.#known.namespace[kind], idOf);
    this.#tables.set(kind, table as RecordTable<unknown>);
    return table as RecordTable<Each>;
  }

  #applyLink(isNew: boolean, body: Uint8Array): void {
    const index = viewOf(body).getInt32(4, true);
    // A bridge tells of its ports in a form of its own, with half of the facts; its DELLINK means that the port left.
    if (body[0] !== AF.UNSPEC) {
      this.#staleLinks.add(index);
      // A port that lost a VLAN by RTM_DELVLAN is told in the same way as one that left. net/bridge/br_vlan.c, br_vlan_rtm_process_one
      if (isNew) {
        this.#bridgeVlans = putBridgeVlans(this.#bridgeVlans ?? [], index, decodeBridgeVlans(body));
        this.#vlanLinks.delete(index);
      } else if (this.#bridgeVlans?.some(({ linkIndex }) => linkIndex === index)) this.#stale.add('bridgeVlans');
      return;
    }
    const before = this.#table('links').find(String(index));
    if (!isNew) {
      if (isMove(body)) this.#noteMove(index, before);
      this.#forgetLink(index, before);
      return;
    }
    const decoded = decodeLink(body);
    const { kind, peer } = decoded.link;
    const isElsewhere = decoded.linkNetnsid !== undefined && !this.#known.localNetnsIds.has(decoded.linkNetnsid);
    // The first end of a pair is told before there is a second one. drivers/net/veth.c, veth_newlink
    const isHalf = kind === 'veth' && peer === undefined;
    if (isElsewhere || isHalf || silentKinds.has(kind ?? '')) this.#staleLinks.add(index);
    const link = locateLower(decoded, this.#known);
    this.#table('links').put(link);
    this.#putSysctls(index, decoded.sysctls);
    if (!equalJson(before?.xdp, link.xdp)) this.#stale.add('bpf');
    if (!equalJson(before?.flags, link.flags)) this.#noteParent(link);
    if (before === undefined) return;
    // Routes die, fall asleep and wake up with their link, and IPv4 tells nothing of it. net/ipv4/fib_semantics.c
    if (before.operState !== link.operState || !equalJson(before.flags, link.flags)) this.#stale.add('routes');
  }

  #forgetLink(index: number, before: Link | undefined): void {
    if (before === undefined) return;
    this.#table('links').remove(String(index));
    const isGone = ({ linkIndex }: { readonly linkIndex: number }): boolean => linkIndex === index;
    this.#table('addresses').removeWhere(isGone);
    this.#table('neighbours').removeWhere(isGone);
    this.#table('fdb').removeWhere(isGone);
    this.#stale.add('routes');
    this.#goneLinks.add(index);
    this.#bridgeVlans &&= putBridgeVlans(this.#bridgeVlans, index, undefined);
    const { qdiscs, filters } = this.#known.namespace.trafficControl ?? { qdiscs: [], filters: [] };
    // They go without a word. net/sched/sch_generic.c, dev_shutdown
    if ([...qdiscs, ...filters].some(isGone)) this.#stale.add('trafficControl');
    this.#noteParent(before);
    this.#linkSysctls ??= new Map(this.#known.linkSysctls);
    this.#linkSysctls.delete(index);
  }

  /** Where its other end or the link below it is now, a link does not tell by itself. */
  #noteMove(index: number, before: Link | undefined): void {
    const { found } = this.#known;
    const { namespaceId, index: peerIndex } = before?.peer ?? {};
    if (namespaceId !== undefined && namespaceId !== found.id && peerIndex !== undefined) {
      this.#touchedLinks.push({ namespaceId, index: peerIndex });
    }
    for (const { index: each, peer, parentIndex } of this.#table('links').records()) {
      const isPeer = peer?.index === index && peer.namespaceId === found.id;
      if (isPeer || parentIndex === index) this.#staleLinks.add(each);
    }
  }

  #noteParent({ kind, parentIndex, remoteParent }: Link): void {
    if (!stackedKinds.has(kind ?? '')) return;
    this.#stale.add('fdb');
    if (parentIndex !== undefined) this.#staleLinks.add(parentIndex);
    const { namespaceId, index } = remoteParent ?? {};
    if (namespaceId !== undefined && index !== undefined) this.#touchedLinks.push({ namespaceId, index });
  }

  #putSysctls(index: number, sysctls: Sysctls): void {
    const known = this.#linkSysctls ?? this.#known.linkSysctls;
    if (equalJson(known.get(index), sysctls)) return;
    this.#linkSysctls ??= new Map(known);
    this.#linkSysctls.set(index, sysctls);
  }

  #applyAddress(isNew: boolean, body: Uint8Array): void {
    const address = decodeAddress(body);
    if (address === undefined) return;
    const table = this.#table('addresses');
    if (isNew) {
      table.put(address);
      return;
    }
    if (!table.remove(addressId(address))) table.isStale = true;
    // Routes that prefer it as their source go with it, silently. net/ipv4/fib_semantics.c, fib_sync_down_addr
    if (address.family === 'inet') this.#stale.add('routes');
  }

  #applyNeighbour(isNew: boolean, body: Uint8Array): void {
    const neighbour = decodeAnyNeighbour(body);
    if (neighbour === undefined) return;
    const table = this.#table('neighbours');
    if (isNew && neighbour.state !== 'noarp') table.put(neighbour);
    else table.remove(neighbourId(neighbour));
  }

  #applyFdb(isNew: boolean, body: Uint8Array): void {
    const entry = decodeFdbEntry(body);
    if (entry === undefined) return;
    const table = this.#table('fdb');
    if (isNew) table.put(entry);
    else if (!table.remove(fdbId(entry))) table.isStale = true;
  }

  #applyRule(isNew: boolean, body: Uint8Array): void {
    const rule = decodePolicyRule(body);
    if (rule === undefined) return;
    const table = this.#table('rules');
    const known = table.find(policyRuleId(rule));
    if (!isNew) table.isStale ||= !table.remove(policyRuleId(rule));
    else if (known === undefined) table.put(rule);
    else table.isStale ||= !equalJson(known, rule);
  }

  #applyNetconf(body: Uint8Array): void {
    const netconf = decodeNetconf(body);
    if (netconf === undefined) return;
    const { family, link: index, settings } = netconf;
    if (typeof index === 'string') {
      this.#stale.add('sysctls');
      return;
    }
    const name = this.#table('links').find(String(index))?.name;
    const known = (this.#linkSysctls ?? this.#known.linkSysctls).get(index);
    // Of a link that is not known yet the message of the link itself will tell.
    if (name === undefined || known === undefined) return;
    const prefix = `net.${family === 'inet' ? 'ipv4' : 'ipv6'}.conf.${name}`;
    const changed = Object.entries(settings).map(([setting, value]) => [`${prefix}.${setting}`, value]);
    this.#putSysctls(index, { ...known, ...Object.fromEntries(changed) });
  }
}
