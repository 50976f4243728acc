import type { Shape } from './shape.ts';

/** kindnet and the ptp plugin: a veth pair for each pod, the gateway's address on each host end, host routes, both families. */
export const kindnet: Shape = {
  title: 'a node of kindnet, beside what the tools say',
  pods: ['cni-1', 'cni-2'],
  script: `
ip link add uplink type veth peer name upstream; ip link set upstream up; ip link set uplink up
ip addr add 192.168.31.163/24 dev uplink
sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
for n in 1 2; do
  ip netns add cni-$n
  ip link add veth0000000$n type veth peer name eth0 netns cni-$n
  ip link set veth0000000$n up; ip addr add 10.244.1.1/32 dev veth0000000$n
  ip route add 10.244.1.$((n + 1))/32 dev veth0000000$n scope host
  ip -n cni-$n link set lo up; ip -n cni-$n link set eth0 up
  ip -n cni-$n addr add 10.244.1.$((n + 1))/24 dev eth0; ip -n cni-$n addr add fd00:10:244:1::$((n + 1))/64 dev eth0 nodad
  ip -n cni-$n route del 10.244.1.0/24 dev eth0
  ip -n cni-$n route add 10.244.1.1 dev eth0 scope link src 10.244.1.$((n + 1))
  ip -n cni-$n route add 10.244.1.0/24 via 10.244.1.1 dev eth0 src 10.244.1.$((n + 1))
  ip -n cni-$n route add default via 10.244.1.1 dev eth0
done
ip route add 10.244.2.0/24 via 192.168.31.162
ip -6 route add fd00:10:244:2::/64 via fe80::162 dev uplink metric 7
iptables -t nat -N KIND-MASQ-AGENT
iptables -t nat -A POSTROUTING -m addrtype ! --dst-type LOCAL -m comment --comment "kind-masq-agent: ensure" -j KIND-MASQ-AGENT
iptables -t nat -A KIND-MASQ-AGENT -d 10.244.0.0/16 -j RETURN
iptables -t nat -A KIND-MASQ-AGENT -j MASQUERADE
ip6tables -A FORWARD -i veth+ -j ACCEPT
iptables-legacy -A INPUT -i uplink -p tcp --dport 10250 -j ACCEPT
ip netns exec cni-2 iptables-legacy -t nat -A OUTPUT -d 10.96.0.1 -j RETURN`,
  essence: [
    ['the node', 'addresses', 'dev=veth00000001 family=inet prefix=10.244.1.1/32'],
    ['the node', 'routes', 'to=10.244.1.2/32 dev=veth00000001'],
    ['cni-1', 'routes', 'to=10.244.1.0/24 via=10.244.1.1'],
    ['the node', 'iptables', 'inet nf_tables nat -A KIND-MASQ-AGENT -j MASQUERADE #2'],
    ['the node', 'iptables', 'inet legacy filter -A INPUT'],
    ['cni-2', 'iptables', 'inet legacy nat -A OUTPUT'],
  ],
};
