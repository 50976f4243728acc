import { join } from 'node:path';
import { deriveMacAddress, INTERNET_ADDRESSES, LAN_CIDR, LAN_PREFIX_LENGTH, ROUTER_ADDRESS } from '../lab-plan.ts';
import { runOrThrow } from '../run-command.ts';
import { type NamespaceHolder, startNamespaceHolder } from './namespace-holder.ts';

/** TEST-NET-3 of RFC 5737: the wire between router and internet host. */
const ROUTER_WAN_ADDRESS = '203.0.113.1';
const INTERNET_WAN_ADDRESS = '203.0.113.2';

export type Lan = { readonly router: NamespaceHolder; readonly internet: NamespaceHolder };

/**
 * Builds the switch in the lab's own namespace, the router behind 192.168.31.1 and the internet host behind the router.
 * The router masquerades the LAN and nothing else, and the internet host knows the router's address only: a packet that
 * leaves with a pod's source address arrives, its answer has nowhere to go. That is what makes masquerading visible.
 */
export async function buildLan(directory: string): Promise<Lan> {
  await runScript([
    'ip link set lo up',
    `ip link add lan0 address ${deriveMacAddress('192.168.31.0')} type bridge`,
    'ip link set lan0 up',
  ]);
  const names = ['router', 'internet'] as const;
  const starting = names.map((name) => startNamespaceHolder(join(directory, name), name));
  const [router, internet] = (await Promise.all(starting)) as [NamespaceHolder, NamespaceHolder];
  await connectToLan(router, { address: ROUTER_ADDRESS, port: 'lan-1' });
  await runScript([
    `ip link add wan0 address ${deriveMacAddress(ROUTER_WAN_ADDRESS)} netns ${router.pid} type veth peer name eth0 address ${deriveMacAddress(INTERNET_WAN_ADDRESS)} netns ${internet.pid}`,
  ]);
  await runScript(
    [
      `ip addr add ${ROUTER_WAN_ADDRESS}/30 dev wan0`,
      'ip link set wan0 up',
      `ip route add default via ${INTERNET_WAN_ADDRESS}`,
      // Strict filtering would drop packets with pod addresses here already and hide where the answer gets lost.
      'for file in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 > "$file"; done',
      'echo 1 > /proc/sys/net/ipv4/ip_forward',
      `$(command -v iptables-nft || echo iptables) -t nat -A POSTROUTING -s ${LAN_CIDR} -o wan0 -j MASQUERADE`,
    ],
    router,
  );
  await runScript(
    [
      ...INTERNET_ADDRESSES.map((address) => `ip addr add ${address}/32 dev lo`),
      `ip addr add ${INTERNET_WAN_ADDRESS}/30 dev eth0`,
      'ip link set eth0 up',
    ],
    internet,
  );
  return { router, internet };
}

/** Gives a namespace its `eth0` on the LAN. */
export async function connectToLan(
  holder: NamespaceHolder,
  plug: { readonly address: string; readonly port: string },
): Promise<void> {
  await runScript([
    `ip link add ${plug.port} address ${deriveMacAddress(plug.address, 1)} type veth peer name eth0 address ${deriveMacAddress(plug.address)} netns ${holder.pid}`,
    `ip link set ${plug.port} master lan0 up`,
  ]);
  await runScript(
    ['ip link set lo up', `ip addr add ${plug.address}/${LAN_PREFIX_LENGTH} dev eth0`, 'ip link set eth0 up'],
    holder,
  );
}

/** Runs shell lines, each of which has to succeed, in the lab's own namespace or in a holder's. */
export async function runScript(lines: readonly string[], holder?: NamespaceHolder): Promise<void> {
  await runOrThrow([...(holder?.enter ?? []), 'sh', '-e', '-c', lines.join('\n')]);
}
