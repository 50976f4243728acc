import { closeSync, constants, openSync, readSync } from 'node:fs';

/** Settings of the whole namespace that decide what happens to a packet, by their folder below /proc/sys. */
const wholeNamespace = [
  ['net/ipv4', ['ip_forward', 'fib_multipath_hash_policy', 'ip_local_port_range']],
  ['net/ipv6', ['fib_multipath_hash_policy']],
  [
    'net/bridge',
    ['bridge-nf-call-iptables', 'bridge-nf-call-ip6tables', 'bridge-nf-call-arptables', 'bridge-nf-filter-vlan-tagged'],
  ],
] as const;

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
const linkSettings = ['all', 'default'].flatMap(
  (scope) =>
    [
      [`net/ipv4/conf/${scope}`, ipv4Settings],
      [`net/ipv6/conf/${scope}`, ipv6Settings],
    ] as const,
);

const steeringSysctls = [...wholeNamespace, ...linkSettings].map(([folder, files]) => ({
  folder: `/proc/sys/${folder}`,
  settings: files.map((file) => ({ file, name: `${folder.replaceAll('/', '.')}.${file}` })),
}));

/** Where the kernel lacks one, every namespace lacks it; to be told so costs ten times as much as to read one. */
const missing = new Set<string>();
const buffer = new Uint8Array(256);
const decoder = new TextDecoder();

/**
 * Reads the sysctls that steer packets in the namespace of the calling thread: the kernel looks at who opens the folder,
 * so this is called from inside and stays synchronous. One that this kernel has not is left out.
 * @param isThorough asks again for those that were missing before: a module may have brought them
 */
export function readSysctls(isThorough: boolean): Record<string, string> {
  if (isThorough) missing.clear();
  const values: Record<string, string> = {};
  for (const { folder, settings } of steeringSysctls) {
    const wanted = settings.filter(({ name }) => !missing.has(name));
    if (wanted.length === 0) continue;
    // Folders of one name of all namespaces stand in one hash chain (fs/proc/proc_sysctl.c), which each path would walk anew.
    const place = openWhereThere(folder, constants.O_RDONLY | constants.O_DIRECTORY);
    for (const { file, name } of wanted) {
      const value = place === undefined ? undefined : readSetting(`/proc/self/fd/${place}/${file}`);
      if (value === undefined) missing.add(name);
      else values[name] = value;
    }
    if (place !== undefined) closeSync(place);
  }
  return values;
}

function readSetting(path: string): string | undefined {
  const fd = openWhereThere(path, constants.O_RDONLY);
  if (fd === undefined) return undefined;
  try {
    const length = readSync(fd, buffer, 0, buffer.length, null);
    return decoder.decode(buffer.subarray(0, length)).trim().replaceAll('\t', ' ');
  } catch {
    return undefined;
  } finally {
    closeSync(fd);
  }
}

/** @returns undefined where there is no such sysctl: the module is not loaded, or IPv6 is off */
function openWhereThere(path: string, flags: number): number | undefined {
  try {
    return openSync(path, flags);
  } catch {
    return undefined;
  }
}
