import type { Shape } from './shape.ts';

/** macvlan: the pod's link is on the node's uplink itself, and nothing else in the node knows of it. */
export const macvlan: Shape = {
  title: 'a node of macvlan pods, beside what the tools say',
  pods: ['cni-1', 'cni-2', 'vm'],
  script: `
ip link add uplink type veth peer name upstream; ip link set upstream up; ip link set uplink up
ip addr add 192.168.31.163/24 dev uplink
for n in 1 2; do ip netns add cni-$n; ip -n cni-$n link set lo up; done
ip link add net1 address 02:00:00:00:01:01 link uplink netns cni-1 type macvlan mode bridge
ip link add net1 address 02:00:00:00:01:02 link uplink netns cni-2 type macvlan mode private
for n in 1 2; do
  ip -n cni-$n link set net1 up; ip -n cni-$n addr add 192.168.31.20$n/24 dev net1; ip -n cni-$n route add default via 192.168.31.1
done
ip link add shim0 link uplink type macvlan mode bridge; ip link set shim0 up; ip route add 192.168.31.201/32 dev shim0
ip netns add vm; ip -n vm tuntap add tap0 mode tap; ip -n vm tuntap add tun0 mode tun; ip -n vm link set tun0 up
ip -n vm link add br0 type bridge vlan_filtering 1 stp_state 1 2>/dev/null || ip -n vm link add br0 type bridge stp_state 1
ip -n vm link set tap0 master br0; ip -n vm link set br0 up
tc qdisc add dev uplink clsact
tc filter add dev uplink ingress protocol ip prio 7 u32 match ip dst 192.168.31.201/32 flowid 1:1
tc filter add dev uplink egress protocol all prio 9 u32 match u32 0 0 flowid 1:2
ip netns exec cni-1 tc qdisc add dev net1 root tbf rate 10mbit burst 32kbit latency 400ms`,
  essence: [
    ['cni-1', 'links', 'mode=bridge'],
    ['cni-2', 'links', 'mode=private'],
    ['vm', 'links', 'mode=tap'],
    ['vm', 'links', 'mode=tun'],
    ['the node', 'fdb', 'dev=uplink mac=02:00:00:00:01:01'],
    ['the node', 'qdiscs', 'dev=uplink kind=clsact handle=ffff: parent=ffff:fff1'],
    ['the node', 'filters', 'dev=uplink parent=ingress kind=u32 priority=7 protocol=ip'],
    ['the node', 'filters', 'dev=uplink parent=egress kind=u32 priority=9 protocol=all'],
    ['cni-1', 'qdiscs', 'dev=net1 kind=tbf'],
  ],
};
