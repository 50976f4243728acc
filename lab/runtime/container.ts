import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { LabImages } from '../lab-options.ts';
import { BIND_PROGRAMS, quote } from '../machine/bind-programs.ts';
import { CONTAINER_DIRECTORY, type Machine } from '../machine/boot-machine.ts';
import { findOnlyChild } from '../machine/namespace-holder.ts';
import { killGroup } from '../run-command.ts';
import { renderNginxConfiguration, renderPage } from './nginx-bundle.ts';

export type ImageName = 'busybox' | 'nginx';

export type ContainerWish = {
  readonly id: string;
  readonly podName: string;
  readonly namespace: string;
  readonly image: ImageName;
  readonly command: readonly string[] | undefined;
  /** Absent: the pod shares the node's namespace. */
  readonly netnsPath: string | undefined;
  readonly podIp: string;
};

export type Container = {
  /** The container's first process, as the lab sees it. */
  readonly pid: number;
  readonly enter: readonly string[];
  readonly hasEnded: Promise<number>;
  /** SIGTERM to the first process; SIGKILL to everything after the grace. Resolves when nothing is left. */
  readonly stop: (graceMs: number) => Promise<void>;
};

const HTTP_PORT = 80;
const PORT_POLL_MS = 5;
const PORT_TIMEOUT_MS = 5000;
/** State LISTEN in /proc/PID/net/tcp (include/net/tcp_states.h). */
const TCP_LISTEN = '0A';
const SET_UP_MARK = 'podwire-lab: set up';

/** Starts a container's process in its own mount, uts and pid namespaces, in the sandbox's network namespace. */
export async function startContainer(machine: Machine, images: LabImages, wish: ContainerWish): Promise<Container> {
  const bundle = join(machine.directory, 'containers', wish.id);
  await writeBundle(bundle, machine, wish);
  await writeFile(join(bundle, 'start.sh'), renderScript(images, wish));
  const log = createWriteStream(join(bundle, 'log'), { flags: 'a' });
  const inNetns = wish.netnsPath === undefined ? [] : ['nsenter', `--net=${wish.netnsPath}`, '--'];
  const unshare = ['unshare', '-m', '-u', '-p', '-f', '--kill-child', '--propagation', 'private'];
  const command = [
    ...machine.holder.enter,
    ...inNetns,
    ...unshare,
    '--',
    'sh',
    '-e',
    `${CONTAINER_DIRECTORY}/${wish.id}/start.sh`,
  ];
  const child = spawn(command[0] ?? '', command.slice(1), { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  child.stderr.pipe(log);
  const hasEnded = new Promise<number>((resolve) => child.on('close', (code) => resolve(code ?? 137)));
  const isSetUp = await waitForMark(child, log);
  const pid = isSetUp ? await findContainerProcess(child.pid ?? 0) : undefined;
  if (pid === undefined) {
    killGroup(child.pid);
    await hasEnded;
    throw new Error(`container ${wish.id.slice(0, 12)} did not start: ${await readFile(join(bundle, 'log'), 'utf8')}`);
  }
  if (wish.image === 'nginx' && wish.command === undefined) await waitForPort(pid, HTTP_PORT);
  return {
    pid,
    enter: ['nsenter', '-t', String(pid), '-n', '-m', '-u', '-p', '--'],
    hasEnded,
    stop: async (graceMs) => {
      killProcess(pid, 'SIGTERM');
      const timer = setTimeout(() => killProcess(pid, 'SIGKILL'), graceMs);
      await hasEnded;
      clearTimeout(timer);
      await rm(bundle, { recursive: true, force: true });
    },
  };
}

async function writeBundle(bundle: string, machine: Machine, wish: ContainerWish): Promise<void> {
  await mkdir(join(bundle, 'html'), { recursive: true });
  if (wish.image !== 'nginx') return;
  await writeFile(join(bundle, 'nginx.conf'), renderNginxConfiguration());
  await writeFile(join(bundle, 'html', 'index.html'), renderPage({ ...wish, node: machine.plan.name }));
}

/** The shell lines that make the container's root and become its first process. */
function renderScript(images: LabImages, wish: ContainerWish): string {
  const isBusybox = wish.image === 'busybox';
  const command =
    wish.command ?? (isBusybox ? ['sleep', '3600'] : [images.nginx, '-e', 'stderr', '-c', '/etc/nginx/nginx.conf']);
  const environment = ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', `HOSTNAME=${wish.podName}`];
  const programs = isBusybox ? 'mkdir bin\nmount --bind /opt/images/busybox/bin bin' : BIND_PROGRAMS;
  const setHostname = wish.netnsPath === undefined ? ':' : `hostname ${quote(wish.podName)}`;
  return `
${setHostname}
mount -t tmpfs -o mode=0755 container /mnt
cd /mnt
${programs}
mkdir -p etc dev proc sys run tmp root opt/images home var/log var/lib
chmod 1777 tmp
printf 'root:x:0:0:root:/root:/bin/sh\\nnobody:x:65534:65534:nobody:/:/bin/false\\n' > etc/passwd
printf 'root:x:0:\\nnogroup:x:65534:\\n' > etc/group
echo ${quote(wish.podName)} > etc/hostname
printf '127.0.0.1 localhost\\n%s %s\\n' ${quote(wish.podIp)} ${quote(wish.podName)} > etc/hosts
cp /etc/resolv.conf etc/resolv.conf
mount --rbind /dev dev
mount -t proc proc proc
mount -t sysfs sysfs sys 2>/dev/null || mount --rbind /sys sys
${isBusybox ? '' : 'mount --rbind /opt/images opt/images\nmkdir etc/nginx html'}
${isBusybox ? '' : `mount --bind ${CONTAINER_DIRECTORY}/${wish.id} etc/nginx\nmount --bind ${CONTAINER_DIRECTORY}/${wish.id}/html html`}
mkdir .old
pivot_root . .old
cd /
umount -l .old
rmdir .old
echo ${quote(SET_UP_MARK)}
exec env -i ${environment.map(quote).join(' ')} ${command.map(quote).join(' ')}
`;
}

/** True when the script has said that the root is ready; false when it ended before. Later output goes to the log. */
function waitForMark(child: ChildProcess, log: NodeJS.WritableStream): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    if (text.includes(SET_UP_MARK)) {
      log.write(chunk);
      return;
    }
    text += chunk;
    if (text.includes(SET_UP_MARK)) resolve(true);
  });
  child.on('error', () => resolve(false));
  child.on('close', () => resolve(false));
  return promise;
}

/** nsenter forked into the node's pid namespace, unshare forked into the container's: the process is the grandchild. */
async function findContainerProcess(nsenterPid: number): Promise<number | undefined> {
  const unsharePid = await findOnlyChild(nsenterPid);
  return unsharePid === undefined ? undefined : await findOnlyChild(unsharePid);
}

/** A readiness probe without a packet: returns when something listens in the container's namespace, or the time is up. */
async function waitForPort(pid: number, port: number): Promise<void> {
  const pattern = new RegExp(`:${port.toString(16).toUpperCase().padStart(4, '0')} [0-9A-F]+:0000 ${TCP_LISTEN} `);
  const deadlineMs = performance.now() + PORT_TIMEOUT_MS;
  while (performance.now() < deadlineMs) {
    const sockets = await readFile(`/proc/${pid}/net/tcp`, 'utf8').catch(() => undefined);
    if (sockets === undefined || pattern.test(sockets)) return;
    await wait(PORT_POLL_MS);
  }
}

function killProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
