import type { Shape } from './shape.ts';

/** The AWS VPC CNI: pods routed by /32, a policy rule for each pod, a table for each of the node's interfaces. */
export const aws: Shape = {
  title: 'a node of the AWS VPC CNI, beside what the tools say',
  pods: ['cni-1', 'cni-2'],
  script: `
for n in 0 1 2; do
  ip link add ens$n type veth peer name vpc$n; ip link set vpc$n up; ip link set ens$n up; ip addr add 10.0.$n.10/24 dev ens$n
done
for n in 1 2; do
  ip route add 10.0.$n.1 dev ens$n table $((n + 1)) scope link
  ip route add default via 10.0.$n.1 dev ens$n table $((n + 1))
  ip netns add cni-$n
  ip link add eni0000000$n mtu 9001 type veth peer name eth0 mtu 9001 netns cni-$n; ip link set eni0000000$n up
  ip route add 10.0.$n.77/32 dev eni0000000$n scope link
  ip rule add pref 512 to 10.0.$n.77/32 lookup main
  ip rule add pref 1536 from 10.0.$n.77/32 lookup $((n + 1))
  ip -n cni-$n link set lo up; ip -n cni-$n link set eth0 up; ip -n cni-$n addr add 10.0.$n.77/32 dev eth0
  ip -n cni-$n route add 169.254.1.1 dev eth0 scope link; ip -n cni-$n route add default via 169.254.1.1
done
ip rule add pref 1024 fwmark 0x80/0x80 lookup main
ip rule add pref 10 iif vlan.eth.1 lookup 101; ip rule add pref 20 from 10.0.0.0/8 oif ens1 prohibit
ip -6 rule add pref 30 from fd00::/16 lookup 101
ip route add default metric 100 nexthop via 10.0.1.1 weight 3 nexthop via 10.0.2.1
ip -6 route add fd00:99::/64 encap seg6 mode encap segs fc00::1 dev ens1
ip nexthop add id 1 via 10.0.1.1 dev ens1; ip nexthop add id 2 via 10.0.2.1 dev ens2; ip nexthop add id 9 group 1,2/2,5
ip nexthop add id 4 blackhole
ip route add 10.44.0.0/16 nhid 9; ip route add 10.45.0.0/16 nhid 1
ip -6 route add fd00:7::/64 nexthop via fe80::1 dev ens1 nexthop via fe80::2 dev ens2
iptables -t nat -N AWS-SNAT-CHAIN-0
iptables -t nat -A POSTROUTING -m comment --comment "AWS SNAT CHAIN" -j AWS-SNAT-CHAIN-0
iptables -t nat -A AWS-SNAT-CHAIN-0 ! -d 10.0.0.0/16 ! -o vlan+ -m addrtype ! --dst-type LOCAL -j SNAT --to-source 10.0.0.10 --random-fully
iptables -t mangle -A PREROUTING -i ens0 -m addrtype --dst-type LOCAL -j CONNMARK --set-xmark 0x80/0x80`,
  essence: [
    ['the node', 'rules', 'priority=1536 from=10.0.1.77/32 table=2'],
    ['the node', 'rules', 'priority=1024 mark=0x80/0x80 table=254'],
    ['the node', 'rules', 'priority=20 from=10.0.0.0/8 oif=ens1 action=prohibit'],
    ['the node', 'routes', 'table=3 type=unicast to=default via=10.0.2.1 dev=ens2'],
    ['the node', 'routes', 'hops=10.0.1.1%ens1,3 10.0.2.1%ens2,1'],
    ['the node', 'routes', 'encap=seg6'],
    ['the node', 'routes', 'nhid=9'],
    ['the node', 'nextHops', 'id=9 group=1,2/2,5'],
    ['the node', 'nextHops', 'id=4 blackhole=true'],
    ['the node', 'iptables', '--to-source 10.0.0.10'],
  ],
};
