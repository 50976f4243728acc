/** A node with everything on it that the snapshot speaks of. */
export const testNodeScript = `
ip netns add cni-1111
ip netns add cni-2222
ip link add cni0 address 0a:58:0a:f0:02:01 type bridge
ip link set cni0 up
ip addr add 10.240.2.1/24 dev cni0
ip addr add fd00:240:2::1/64 dev cni0
for n in 1 2; do
  ip link add veth$n type veth peer name eth0 address 0a:58:0a:f0:02:0$n netns cni-$n$n$n$n
  ip link set veth$n master cni0 up
  ip -n cni-$n$n$n$n link set lo up
  ip -n cni-$n$n$n$n link set eth0 up
  ip -n cni-$n$n$n$n addr add 10.240.2.1$n/24 dev eth0
  ip -n cni-$n$n$n$n route add default via 10.240.2.1
done
bridge link set dev veth1 hairpin on isolated on
bridge link set dev veth2 learning off flood off
ip link add uplink type veth peer name upstream
ip link set upstream up
ip link set uplink up
ip addr add 192.168.31.163/24 dev uplink
ip link add flannel.1 type vxlan id 1 dstport 8472 local 192.168.31.163 nolearning
ip link set flannel.1 up
ip link add mac0 link uplink type macvlan mode bridge
ip link set mac0 netns cni-2222
ip route add 10.240.1.0/24 via 192.168.31.162 proto 112
ip route add default via 192.168.31.1 metric 100
ip route add default table 100 nexthop via 192.168.31.1 weight 3 nexthop via 192.168.31.2
ip route add blackhole 10.99.0.0/16
ip route add 10.98.0.0/16 dev uplink scope link mtu 1400
ip -6 route add fd00:240:1::/64 via fd00:240:2::9 metric 7
ip rule add pref 100 from 10.240.2.0/24 iif cni0 fwmark 0x4/0xff lookup 100
ip rule add pref 200 to 10.99.0.1 prohibit
ip neigh add 10.240.2.11 lladdr 0a:58:0a:f0:02:01 dev cni0 nud permanent
ip neigh add fd00:240:2::9 lladdr 0a:58:0a:f0:02:09 dev cni0 nud permanent
bridge fdb append 00:00:00:00:00:00 dst 192.168.31.162 dev flannel.1
bridge fdb add 02:00:00:00:00:99 dev veth2 master static
sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.veth1.rp_filter=2 net.ipv4.conf.all.route_localnet=1
iptables -P FORWARD DROP
iptables -A FORWARD -i cni0 -m comment --comment "from a pod" -j ACCEPT
iptables -t nat -A POSTROUTING -s 10.240.2.0/24 ! -d 10.240.0.0/16 -j MASQUERADE
ip6tables -A FORWARD -o cni0 -j ACCEPT
ip netns exec cni-1111 iptables -A OUTPUT -d 169.254.169.254 -j DROP
nft add table inet podwire-test
unshare -n sleep infinity >/dev/null 2>&1 &
sleep 0.2
# Until it is known of every IPv6 address whether somebody else has it, as cni0 does: its local route appears only then.
for n in cni-1111 cni-2222; do while ip -n $n -6 addr show tentative | grep tentative | grep -vq dadfailed; do sleep 0.1; done; done`;

type Facts = Record<string, unknown>;
/** One link as `ip -j -d link` prints it. */
export interface IpLink {
  readonly ifindex: number;
  readonly ifname: string;
  readonly link?: string | null;
  readonly link_index?: number;
  readonly link_netnsid?: number;
  readonly flags: readonly string[];
  readonly mtu: number;
  readonly master?: string;
  readonly operstate: string;
  readonly address?: string;
  readonly linkinfo?: { readonly info_kind?: string; readonly info_data?: Facts; readonly info_slave_data?: Facts };
}

/** Tables that iproute2 names. /etc/iproute2/rt_tables */
const namedTables: Readonly<Record<string, number>> = { default: 253, main: 254, local: 255 };

export function tableNumber(name: string): number {
  return namedTables[name] ?? Number(name);
}
