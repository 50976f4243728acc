import { readFileSync } from 'node:fs';
import type { NetnsId } from '#model/kernel/kernel-snapshot.ts';
import { closeFile, openReadable, readAtStart } from '#plugin/netlink/file-calls.ts';
import type { Sysctls } from './known-namespace.ts';

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
].map((name) => {
  const [, area = '', ...words] = name.split('.');
  return { name, folder: `/proc/sys/net/${area}`, file: words.join('/') };
});

/** A value in one of these files is two numbers at most. */
const valueBytes = 32;
const decoder = new TextDecoder();

interface OpenSetting {
  readonly fd: number;
  /** What it held, as bytes and as text: nearly always it still does. */
  bytes: Uint8Array;
  value: string;
}

interface OpenNamespace {
  /** In the order of the settings; undefined for one that is not open. */
  readonly files: (OpenSetting | undefined)[];
  values: Sysctls | undefined;
}

/**
 * Reads the sysctls that steer packets, and keeps their files open: to find one by its path costs 25 µs with 250 namespaces,
 * as the kernel keeps the same name of all of them in one hash chain (fs/proc/proc_sysctl.c), to read it again 1 µs. Such a file
 * keeps no namespace alive: it answers ENOENT when its namespace has ended.
 */
export class SettingFiles {
  readonly #open = new Map<NetnsId, OpenNamespace>();
  /** Places of settings that this kernel lacks, in every namespace; to be told so costs more than to read one. */
  readonly #missing = new Set<number>();
  readonly #buffer = new Uint8Array(valueBytes);
  readonly #mostFiles = readFileLimit() / 2;
  #fileCount = 0;

  /**
   * Called from inside the namespace, as the kernel looks at who opens the file, and therefore synchronous.
   * @param isRoot asks again for those that were missing before: a module may have brought them
   * @returns the very object as the last time where all stayed as it was; without those that this kernel has not
   */
  read(id: NetnsId, isRoot: boolean): Sysctls {
    if (isRoot) this.#missing.clear();
    const namespace = this.#open.get(id) ?? { files: [], values: undefined };
    this.#open.set(id, namespace);
    using folders = new OpenFolders();
    for (let place = 0; place < steeringSysctls.length; place += 1) {
      const file = namespace.files[place];
      if (file === undefined ? this.#missing.has(place) : this.#refresh(namespace, file)) continue;
      this.#forget(namespace, place);
      if (!this.#openFile(namespace, { place, folders })) this.#missing.add(place);
    }
    namespace.values ??= collectValues(namespace);
    const { values } = namespace;
    if (this.#fileCount > this.#mostFiles) this.#close(id);
    return values;
  }

  /** Closes the files of namespaces that are gone. */
  keepOnly(ids: { readonly has: (id: NetnsId) => boolean }): void {
    for (const id of this.#open.keys()) if (!ids.has(id)) this.#close(id);
  }

  /** @returns false where the number of a namespace that ended went to another one, or a module went and came back */
  #refresh(namespace: OpenNamespace, file: OpenSetting): boolean {
    const length = readAtStart(file.fd, this.#buffer);
    if (length === undefined) return false;
    if (isSameBytes(file.bytes, this.#buffer, length)) return true;
    file.bytes = this.#buffer.slice(0, length);
    file.value = decode(file.bytes);
    namespace.values = undefined;
    return true;
  }

  /** @returns false where there is no such sysctl: the module is not loaded, or IPv6 is off */
  #openFile(namespace: OpenNamespace, { place, folders }: { place: number; folders: OpenFolders }): boolean {
    const setting = steeringSysctls[place];
    const folder = setting && folders.open(setting.folder);
    const fd = folder && openReadable(setting.file, folder);
    if (fd === undefined) return false;
    this.#fileCount += 1;
    const file = { fd, bytes: new Uint8Array(), value: '' };
    namespace.files[place] = file;
    if (this.#refresh(namespace, file)) return true;
    this.#forget(namespace, place);
    return false;
  }

  #forget(namespace: OpenNamespace, place: number): void {
    const file = namespace.files[place];
    if (file === undefined) return;
    namespace.files[place] = undefined;
    namespace.values = undefined;
    closeFile(file.fd);
    this.#fileCount -= 1;
  }

  #close(id: NetnsId): void {
    const namespace = this.#open.get(id);
    for (const place of namespace?.files.keys() ?? []) if (namespace) this.#forget(namespace, place);
    this.#open.delete(id);
  }
}

/** The folders of one namespace, while it is read: each is one way through the long chain instead of one for each file. */
class OpenFolders implements Disposable {
  readonly #open = new Map<string, number | undefined>();

  open(path: string): number | undefined {
    if (!this.#open.has(path)) this.#open.set(path, openReadable(path));
    return this.#open.get(path);
  }

  [Symbol.dispose](): void {
    for (const fd of this.#open.values()) if (fd !== undefined) closeFile(fd);
  }
}

const collectValues = ({ files }: OpenNamespace): Sysctls =>
  Object.fromEntries(
    steeringSysctls.flatMap(({ name }, place) => {
      const file = files[place];
      return file === undefined ? [] : [[name, file.value]];
    }),
  );

const decode = (bytes: Uint8Array): string => decoder.decode(bytes).trim().replaceAll('\t', ' ');

function isSameBytes(known: Uint8Array, read: Uint8Array, length: number): boolean {
  if (known.length !== length) return false;
  for (let at = 0; at < length; at += 1) if (known[at] !== read[at]) return false;
  return true;
}

/** How many files this process may have open. proc_pid_limits(5) */
function readFileLimit(): number {
  const limits = readFileSync('/proc/self/limits', 'utf8');
  return Number(/^Max open files +(\d+)/m.exec(limits)?.[1] ?? 1024);
}
