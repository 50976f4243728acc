import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXECUTABLE, KernelWorld } from '#plugin/testing/kernel-world.ts';

/** Folder in which containerd, ctr and podman look for network configurations. */
const CONFIGURATION_FOLDER = '/etc/cni/net.d';

const NAMESPACES = ['--user', '--net', '--mount', '--pid', '--ipc', '--uts'];
const OPTIONS = [...NAMESPACES, '--fork', '--kill-child', '--mount-proc', '--propagation', 'private'];

/**
 * A runtime in here believes to be alone on a fresh node. Cgroups are there to read and never to write, so that no
 * runtime can leave one behind; crun refuses the hybrid of version 1 and 2 that some machines have (`unified`). The shell
 * stays as process 1: it reaps what daemons leave, and ends with its stdin.
 */
const PREPARE = `
mount -t tmpfs tmpfs /run
cp "$1" /run/podwire-plugin
for folder in /opt /var/lib /etc/cni; do mount -t tmpfs tmpfs "$folder"; done
mkdir -p /run/netns /run/state /opt/cni/bin ${CONFIGURATION_FOLDER}
mv /run/podwire-plugin /opt/cni/bin/podwire
cp /usr/lib/cni/loopback /opt/cni/bin/
ln -s /run/state /var/lib/podwire
while read -r _ where kind _; do
  case $kind in cgroup | cgroup2) mount -o remount,bind,ro "$where" ;; esac
done </proc/mounts
[ ! -d /sys/fs/cgroup/unified ] || mount -t tmpfs tmpfs /sys/fs/cgroup/unified
ip link set lo up
echo ready
cat`;

/** Waits until the ids of this user namespace are mapped; the program after `exec` then has every capability in it. */
const AWAIT_MAPS = `echo unmapped && read -r _ && exec sh -ec '${PREPARE}' sh "$1"`;

/**
 * A node of its own for one container runtime: like a {@link KernelWorld}, and with process ids, /opt, /var/lib and
 * /etc/cni of its own, with podwire installed and no network configured. It needs root: runtimes give files and terminals
 * to several groups, and only root may map more than its own.
 */
export class ClientWorld extends KernelWorld {
  /** Process 1 of the world, as seen from outside. */
  readonly pid: number;

  private constructor(holder: ChildProcessWithoutNullStreams, pid: number) {
    super(holder, ['-U', '-n', '-m', '-p', '-i', '-u', '-t', String(pid)]);
    this.pid = pid;
  }

  /** @throws where the machine forbids the namespaces or a mount in them */
  static async open(): Promise<ClientWorld> {
    const holder = spawn('unshare', [...OPTIONS, '--keep-caps', 'sh', '-c', AWAIT_MAPS, 'sh', EXECUTABLE]);
    let problem = '';
    holder.stderr.setEncoding('utf8').on('data', (text: string) => {
      problem += text;
    });
    const hasSpoken = () =>
      Promise.race([once(holder.stdout, 'data').then(() => true), once(holder, 'close').then(() => false)]);
    if (!(await hasSpoken())) throw new Error(`no namespaces for a container runtime: ${problem}`);
    for (const map of ['uid_map', 'gid_map']) writeFileSync(`/proc/${holder.pid}/${map}`, '0 0 65536');
    holder.stdin.write('mapped\n');
    if (!(await hasSpoken())) throw new Error(`a node for a container runtime cannot be prepared: ${problem}`);
    const children = readFileSync(`/proc/${holder.pid}/task/${holder.pid}/children`, 'utf8');
    return new ClientWorld(holder, Number.parseInt(children, 10));
  }

  /** Where a file of the world is seen from outside. */
  outsidePath(path: string): string {
    return `/proc/${this.pid}/root${path}`;
  }

  /** Puts a network configuration in place by a rename inside its folder, as an installer should: nobody reads half of it. */
  configureNetwork(name: string, configuration: object | string): void {
    const text = typeof configuration === 'string' ? configuration : JSON.stringify(configuration);
    writeFileSync(this.outsidePath(`${CONFIGURATION_FOLDER}/.draft`), text);
    this.exec('mv', `${CONFIGURATION_FOLDER}/.draft`, `${CONFIGURATION_FOLDER}/${name}`);
  }

  /** Every rule of the node as nft and iptables-save tell it, without what they count. */
  listRules(): readonly string[] {
    const text = this.exec('nft', '--stateless', 'list', 'ruleset') + this.exec('iptables-save');
    return text
      .split('\n')
      .filter((line) => !line.startsWith('#'))
      .map((line) => line.replace(/ \[\d+:\d+\]$/, ''));
  }
}

/** The program, or file, and the Debian package it comes from. */
type Need = readonly [path: string, debianPackage: string];

/** Debian's other package `busybox` has a program at the same place that needs libraries: no image can be made of it. */
const isStaticInstalled = existsSync('/var/lib/dpkg/info/busybox-static.list');

/** The statically linked program that images are made of: the installed one, or what `npm test` unpacked beside its like. */
export const STATIC_BUSYBOX = isStaticInstalled
  ? '/bin/busybox'
  : join(import.meta.dirname, '..', '..', '.podwire', 'busybox-static');

/** What every test with a container runtime needs beside the runtime. */
const COMMON_NEEDS: readonly Need[] = [
  [STATIC_BUSYBOX, 'busybox-static'],
  ['/usr/lib/cni/loopback', 'containernetworking-plugins'],
];

/** Why the tests of a container runtime cannot run here; `undefined` where they can. */
export function findClientObstacle(needs: readonly Need[]): string | undefined {
  if (!existsSync(EXECUTABLE)) return `${EXECUTABLE} is not built: npm run build`;
  if (process.getuid?.() !== 0) return 'not root: a container runtime needs a map of several users and groups';
  const missing = [...COMMON_NEEDS, ...needs].filter(([path]) => !existsSync(path)).map(([, name]) => name);
  if (missing.length > 0) return `missing Debian packages: ${[...new Set(missing)].join(' ')}`;
  try {
    execFileSync('unshare', [...OPTIONS, '--map-root-user', 'true'], { stdio: 'pipe' });
    return undefined;
  } catch (error) {
    return `no namespaces for a container runtime here: ${String(error)}`;
  }
}
