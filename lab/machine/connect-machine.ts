import { ROUTER_ADDRESS } from '../lab-plan.ts';
import type { Machine } from './boot-machine.ts';
import { connectToLan, runScript } from './build-lan.ts';

/** Connects a node to the LAN, with the routing and filtering of a freshly installed one. */
export async function connectMachine({ plan, holder }: Machine): Promise<void> {
  await connectToLan(holder, { address: plan.address, port: plan.lanPort });
  await runScript(
    [
      `ip route add default via ${ROUTER_ADDRESS} proto static`,
      'iptables -P FORWARD DROP',
      // A new namespace takes these from the machine: set, so that every lab is alike. Forwarding is the plugin's to switch on.
      'echo 0 > /proc/sys/net/ipv4/ip_forward',
      // Loose, as systemd's 50-default.conf has it on Debian.
      'for file in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 2 > "$file"; done',
    ],
    holder,
  );
}
