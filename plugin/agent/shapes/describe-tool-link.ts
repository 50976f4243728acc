import type { IpLink } from '#plugin/agent/test-node-script.ts';
import { describeFields } from './describe-fields.ts';

type Facts = Readonly<Record<string, unknown>>;
export type ToolLink = IpLink;

/** iproute2's own words for the carrier and for the other end being down, and its opposite of RUNNING. */
const inventedFlags: ReadonlySet<string> = new Set(['NO-CARRIER', 'M-DOWN', 'RUNNING']);
const text = (value: unknown): string | undefined => (value === undefined ? undefined : String(value));

/** One link of `ip -j -d link`. */
export function describeToolLink(link: ToolLink, all: readonly ToolLink[]): string {
  const kind = link.linkinfo?.info_kind;
  const data: Facts = link.linkinfo?.info_data ?? {};
  const port = link.linkinfo?.info_slave_data;
  const isOf = (...kinds: readonly string[]): boolean => kinds.includes(kind ?? '');
  return describeFields({
    ...{ index: link.ifindex, name: link.ifname, kind, mac: link.address, mtu: link.mtu },
    ...{ state: link.operstate.toLowerCase(), master: link.master },
    flags: link.flags
      .filter((flag) => !inventedFlags.has(flag))
      .toSorted()
      .join(','),
    lower: link.link_index ?? all.find(({ ifname }) => ifname === (link.link ?? data.link))?.ifindex,
    port: port && [port.state, port.hairpin, port.isolated, port.learning, port.flood].join(','),
    vxlan: isOf('vxlan') ? [data.id, data.port, data.local, data.learning].join(',') : undefined,
    bridge: isOf('bridge') ? [data.vlan_filtering === 1, data.stp_state === 1].join(',') : undefined,
    vlan: isOf('vlan') ? [data.id, data.protocol].join(',') : undefined,
    mode: isOf('tun') ? text(data.type) : isOf('macvlan', 'ipvlan', 'bond') ? text(data.mode) : undefined,
    tunnel: isOf('geneve', 'gre', 'ipip', 'sit') ? [data.local, data.remote, data.id].join(',') : undefined,
    vrf: isOf('vrf') ? text(data.table) : undefined,
  });
}
