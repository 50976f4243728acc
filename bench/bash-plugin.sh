#!/usr/bin/env bash
# The plugin one writes first: bash, ip and jq, a counter in a file for addresses. It is here to be measured against,
# not to be used: no lock around the counter, nothing undone after a failure, and DEL leaves the link to the end of the
# namespace. Configuration: {"podcidr": "10.1.0.0/24", "bridge": "cni0", "counter": "/path/of/the/file"}
set -eu

configuration=$(cat)
read_key() { jq -r ".$1 // empty" <<<"$configuration"; }

add() {
  local network bridge counter host gateway address veth moved netns mac
  network=$(read_key podcidr | cut -d. -f1-3)
  bridge=$(read_key bridge)
  counter=$(read_key counter)
  gateway="$network.1"

  if ! ip link show "$bridge" >/dev/null 2>&1; then ip link add "$bridge" type bridge; fi
  ip addr replace "$gateway/24" dev "$bridge"
  ip link set "$bridge" up

  host=$(($(cat "$counter" 2>/dev/null || echo 1) + 1))
  echo "$host" >"$counter"
  address="$network.$host"

  veth="bw$host"
  moved="bm$host"
  ip link add "$veth" type veth peer name "$moved"
  ip link set "$veth" master "$bridge"
  ip link set "$veth" up

  netns=$(basename "$CNI_NETNS")
  ip link set "$moved" netns "$netns"
  ip netns exec "$netns" ip link set "$moved" name "$CNI_IFNAME"
  ip netns exec "$netns" ip addr add "$address/24" dev "$CNI_IFNAME"
  ip netns exec "$netns" ip link set "$CNI_IFNAME" up
  ip netns exec "$netns" ip route add default via "$gateway"

  mac=$(ip netns exec "$netns" cat "/sys/class/net/$CNI_IFNAME/address" 2>/dev/null ||
    ip -j -n "$netns" link show "$CNI_IFNAME" | jq -r '.[0].address')
  jq -n --arg name "$CNI_IFNAME" --arg mac "$mac" --arg sandbox "$CNI_NETNS" \
    --arg address "$address/24" --arg gateway "$gateway" \
    '{cniVersion: "1.0.0", interfaces: [{name: $name, mac: $mac, sandbox: $sandbox}],
      ips: [{address: $address, gateway: $gateway, interface: 0}]}'
}

case "${CNI_COMMAND:-}" in
  ADD) add ;;
  DEL | CHECK) ;;
  VERSION) echo '{"cniVersion":"1.0.0","supportedVersions":["0.4.0","1.0.0"]}' ;;
  *)
    echo "unknown CNI_COMMAND: ${CNI_COMMAND:-}" >&2
    exit 1
    ;;
esac
