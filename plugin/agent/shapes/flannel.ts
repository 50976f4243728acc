import type { Shape } from './shape.ts';

/** flannel with VXLAN: pods on cni0, for every other node a route, a neighbour and a bridge entry on flannel.1. */
export const flannel: Shape = {
  title: 'a node of flannel, beside what the tools say',
  pods: ['cni-1'],
  script: `
ip link add uplink type veth peer name upstream; ip link set upstream up; ip link set uplink up
ip addr add 192.168.31.163/24 dev uplink
ip link add flannel.1 address 02:00:00:00:00:a3 mtu 1450 type vxlan id 1 dev uplink local 192.168.31.163 dstport 8472 nolearning
ip link set flannel.1 up; ip addr add 10.244.1.0/32 dev flannel.1
for node in 0 2 3; do
  mac=02:00:00:00:00:a$node
  ip neigh add 10.244.$node.0 lladdr $mac dev flannel.1 nud permanent
  bridge fdb add $mac dev flannel.1 dst 192.168.31.16$node
  ip route add 10.244.$node.0/24 via 10.244.$node.0 dev flannel.1 onlink
done
ip link add cni0 address 0a:58:0a:f4:01:01 mtu 1450 type bridge; ip link set cni0 up; ip addr add 10.244.1.1/24 dev cni0
ip netns add cni-1
ip link add veth1 mtu 1450 type veth peer name eth0 mtu 1450 netns cni-1
ip link set veth1 master cni0 up; bridge link set dev veth1 hairpin on isolated on
ip -n cni-1 link set lo up; ip -n cni-1 link set eth0 up; ip -n cni-1 addr add 10.244.1.2/24 dev eth0
ip -n cni-1 route add default via 10.244.1.1; ip -n cni-1 route add 10.244.0.0/16 via 10.244.1.1
ip neigh add proxy 10.244.1.200 dev cni0; ip -6 neigh add proxy fd00::200 dev cni0
bridge fdb add 02:00:00:00:00:99 dev veth1 master static
iptables -N FLANNEL-FWD; iptables -A FORWARD -j FLANNEL-FWD; iptables -A FLANNEL-FWD -s 10.244.0.0/16 -j ACCEPT
nft add table inet flannel-ipv4; nft add chain inet flannel-ipv4 forward '{ type filter hook forward priority 0; policy accept; }'
nft add rule inet flannel-ipv4 forward ip saddr 10.244.0.0/16 counter accept`,
  essence: [
    ['the node', 'links', 'vxlan=1,8472,192.168.31.163,false'],
    ['the node', 'fdb', 'dev=flannel.1 mac=02:00:00:00:00:a2 dst=192.168.31.162 state=permanent'],
    ['the node', 'neighbours', 'dev=flannel.1 ip=10.244.2.0 mac=02:00:00:00:00:a2 state=permanent'],
    ['the node', 'neighbours', 'dev=cni0 ip=10.244.1.200 proxy=true'],
    ['the node', 'routes', 'to=10.244.2.0/24 via=10.244.2.0 dev=flannel.1'],
    ['the node', 'links', 'port=forwarding,true,true,true,true'],
    ['the node', 'nft', 'flannel-ipv4'],
  ],
};
