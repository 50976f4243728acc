import type { Shape } from './shape.ts';

/** Projectcalico's routed pods: no bridge, a /32 route to each pod's link, proxy ARP for 169.254.1.1, ipsets in the rules. */
export const calico: Shape = {
  title: 'a node of Calico, beside what the tools say',
  pods: ['cni-1', 'cni-2'],
  script: `
ip link add uplink type veth peer name upstream; ip link set upstream up; ip link set uplink up
ip addr add 192.168.31.163/24 dev uplink
sysctl -qw net.ipv4.ip_forward=1
for n in 1 2; do
  ip netns add cni-$n
  ip link add cali1234567890$n address ee:ee:ee:ee:ee:ee type veth peer name eth0 netns cni-$n
  ip link set cali1234567890$n up
  sysctl -qw net.ipv4.conf.cali1234567890$n.proxy_arp=1 net.ipv4.conf.cali1234567890$n.route_localnet=1
  ip route add 10.244.36.6$n/32 dev cali1234567890$n scope link
  ip -n cni-$n link set lo up; ip -n cni-$n link set eth0 up
  ip -n cni-$n addr add 10.244.36.6$n/32 dev eth0
  ip -n cni-$n route add 169.254.1.1 dev eth0 scope link
  ip -n cni-$n route add default via 169.254.1.1 dev eth0
  ip -n cni-$n neigh add 169.254.1.1 lladdr ee:ee:ee:ee:ee:ee dev eth0 nud permanent
done
ip route add blackhole 10.244.36.0/26 proto 80
ip route add 10.244.169.128/26 via 192.168.31.162 dev uplink proto bird onlink
iptables -P FORWARD DROP
iptables -N cali-FORWARD; iptables -A FORWARD -m comment --comment cali:wUHhoiAYhphO9Mso -j cali-FORWARD
iptables -A cali-FORWARD -i cali+ -j ACCEPT
if command -v ipset >/dev/null; then
  ipset create cali40all-ipam-pools hash:net maxelem 1048576; ipset add cali40all-ipam-pools 10.244.0.0/16
  ipset create cali40masq-ipam-pools hash:net; ipset add cali40masq-ipam-pools 10.244.0.0/16
  ipset create cali40s:ports hash:ip,port; ipset add cali40s:ports 10.244.36.61,tcp:8080
  ipset create cali60this-host hash:ip family inet6 timeout 600; ipset add cali60this-host fd00::163
  ipset create cali40lists list:set; ipset add cali40lists cali40all-ipam-pools
  ip netns exec cni-1 ipset create pod-set hash:net,iface; ip netns exec cni-1 ipset add pod-set 10.0.0.0/8,eth0
fi`,
  essence: [
    ['the node', 'routes', 'to=10.244.36.61/32 dev=cali12345678901'],
    ['the node', 'routes', 'type=blackhole to=10.244.36.0/26'],
    ['cni-1', 'routes', 'to=default via=169.254.1.1 dev=eth0'],
    ['cni-1', 'neighbours', 'ip=169.254.1.1 mac=ee:ee:ee:ee:ee:ee state=permanent'],
    ['the node', 'iptables', 'cali:wUHhoiAYhphO9Mso'],
  ],
};
