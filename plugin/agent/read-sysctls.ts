import { closeSync, openSync, readSync } from 'node:fs';

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
].map((name) => ({ name, path: `/proc/sys/${name.replaceAll('.', '/')}` }));

/** Where the kernel lacks one, every namespace lacks it; to be told so costs ten times as much as to read one. */
const missing = new Set<string>();
const buffer = new Uint8Array(256);
const decoder = new TextDecoder();

/**
 * Reads the sysctls that steer packets in the namespace of the calling thread: the kernel looks at who opens the file,
 * so this is called from inside and stays synchronous. One that this kernel has not is left out.
 * @param isThorough asks again for those that were missing before: a module may have brought them
 */
export function readSysctls(isThorough: boolean): Record<string, string> {
  if (isThorough) missing.clear();
  const values: Record<string, string> = {};
  for (const { name, path } of steeringSysctls) {
    if (missing.has(name)) continue;
    const value = readSetting(path);
    if (value === undefined) missing.add(name);
    else values[name] = value;
  }
  return values;
}

function readSetting(path: string): string | undefined {
  try {
    const fd = openSync(path, 'r');
    try {
      const length = readSync(fd, buffer, 0, buffer.length, null);
      return decoder.decode(buffer.subarray(0, length)).trim().replaceAll('\t', ' ');
    } finally {
      closeSync(fd);
    }
  } catch {
    // No such sysctl: the module is not loaded, or IPv6 is off.
    return undefined;
  }
}
