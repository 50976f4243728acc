import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deriveMacAddress, INTERNET_ADDRESSES, LAN_CIDR, LAN_PREFIX_LENGTH, ROUTER_ADDRESS } from '#lab/lab-plan.ts';
import { runOrThrow } from '#lab/run-command.ts';
import { WEB_SCRIPTS } from '../pack-images.ts';
import type { World } from './open-world.ts';
import { type Namespaces, startNamespaces } from './start-namespaces.ts';

/** TEST-NET-3 of RFC 5737: the wire between router and internet host. */
const ROUTER_WAN_ADDRESS = '203.0.113.1';
const INTERNET_WAN_ADDRESS = '203.0.113.2';

/** The address from which the internet sees everything that comes from the LAN. */
export const MASQUERADED_ADDRESS = ROUTER_WAN_ADDRESS;

const RUN_MOUNT = 'mount -t proc proc /proc';

/**
 * The same LAN as the lab's (lab/machine/build-lan.ts): a switch in the world's own namespace, a router that masquerades the LAN and nothing
 * else, and an internet host that has no way back to the addresses of pods. On the internet a web server tells who asked.
 */
export async function buildLan(world: World, busybox: string): Promise<void> {
  await runScript(world.enterNetwork, ['ip link add lan0 type bridge', 'ip link set lan0 up']);
  const [router, internet] = await Promise.all(
    ['router', 'internet'].map((name) => startNamespaces(world, name, RUN_MOUNT)),
  );
  if (router === undefined || internet === undefined) throw new Error('no router or no internet');
  await connectToLan(world, router, ROUTER_ADDRESS);
  await runScript(world.enterNetwork, [
    `ip link add wan0 netns ${router.pid} type veth peer name wan1 netns ${internet.pid}`,
  ]);
  await runScript(router.enter, [
    `ip addr add ${ROUTER_WAN_ADDRESS}/30 dev wan0`,
    'ip link set wan0 up',
    `ip route add default via ${INTERNET_WAN_ADDRESS}`,
    // Strict filtering would drop packets with pod addresses here already and hide where the answer gets lost.
    'for file in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 > "$file"; done',
    'echo 1 > /proc/sys/net/ipv4/ip_forward',
    `iptables -t nat -A POSTROUTING -s ${LAN_CIDR} -o wan0 -j MASQUERADE`,
  ]);
  await runScript(internet.enter, [
    ...INTERNET_ADDRESSES.map((address) => `ip addr add ${address}/32 dev lo`),
    `ip addr add ${INTERNET_WAN_ADDRESS}/30 dev wan1`,
    'ip link set wan1 up',
  ]);
  await startInternetServer(world, internet, busybox);
}

async function startInternetServer(world: World, internet: Namespaces, busybox: string): Promise<void> {
  const folder = join(world.directory, 'internet');
  await mkdir(join(folder, 'cgi-bin'), { recursive: true });
  await writeFile(join(folder, 'cgi-bin', 'client'), WEB_SCRIPTS.client, { mode: 0o755 });
  await runOrThrow([...internet.enter, busybox, 'httpd', '-p', '80', '-h', folder]);
}

/** Gives a machine its `eth0`, with the MAC that carries its address. */
export async function connectToLan(world: World, machine: Namespaces, address: string): Promise<void> {
  const port = `lan-${address.split('.')[3]}`;
  await runScript(world.enterNetwork, [
    `ip link add ${port} type veth peer name eth0 address ${deriveMacAddress(address)} netns ${machine.pid}`,
    `ip link set ${port} master lan0 up`,
  ]);
  await runScript(machine.enter, [`ip addr add ${address}/${LAN_PREFIX_LENGTH} dev eth0`, 'ip link set eth0 up']);
}

/** Runs shell lines, each of which has to succeed. */
export async function runScript(enter: readonly string[], lines: readonly string[]): Promise<void> {
  await runOrThrow([...enter, 'sh', '-e', '-c', lines.join('\n')]);
}
