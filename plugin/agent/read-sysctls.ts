import { readFileSync } from 'node:fs';

/** Settings of the whole namespace that decide what happens to a packet, below /proc/sys. */
const wholeNamespace = [
  'net.ipv4.ip_forward',
  'net.ipv4.fib_multipath_hash_policy',
  'net.ipv4.ip_local_port_range',
  'net.ipv6.fib_multipath_hash_policy',
  'net.bridge.bridge-nf-call-iptables',
  'net.bridge.bridge-nf-call-ip6tables',
  'net.bridge.bridge-nf-call-arptables',
  'net.bridge.bridge-nf-filter-vlan-tagged',
];

const ipv4Settings = [
  'forwarding',
  'proxy_arp',
  'rp_filter',
  'arp_ignore',
  'accept_local',
  'src_valid_mark',
  'route_localnet',
];
const ipv6Settings = ['forwarding', 'accept_ra', 'proxy_ndp', 'disable_ipv6'];

/** The settings for `all` count together with each link's own, which come with the link itself. */
const steeringSysctls = [
  ...wholeNamespace,
  ...['all', 'default'].flatMap((scope) => [
    ...ipv4Settings.map((setting) => `net.ipv4.conf.${scope}.${setting}`),
    ...ipv6Settings.map((setting) => `net.ipv6.conf.${scope}.${setting}`),
  ]),
];

/**
 * Reads the sysctls that steer packets in the namespace of the calling thread: the kernel looks at who opens the file,
 * so this is called from inside and stays synchronous. One that this kernel has not is left out.
 */
export function readSysctls(): Record<string, string> {
  const values: Record<string, string> = {};
  for (const name of steeringSysctls) {
    try {
      values[name] = readFileSync(`/proc/sys/${name.replaceAll('.', '/')}`, 'utf8')
        .trim()
        .replaceAll('\t', ' ');
    } catch {
      // No such sysctl: the module is not loaded, or IPv6 is off.
    }
  }
  return values;
}
