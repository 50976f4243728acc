import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { NodePlan } from '#lab/lab-plan.ts';
import { NODE_PLANS, ROUTER_ADDRESS } from '#lab/lab-plan.ts';
import { BIND_PROGRAMS, quote } from '#lab/machine/bind-programs.ts';
import type { Programs } from '../programs.ts';
import { connectToLan, runScript } from '../world/build-lan.ts';
import { createGroups } from '../world/cgroups.ts';
import type { World } from '../world/open-world.ts';
import { type Namespaces, startNamespaces } from '../world/start-namespaces.ts';

/** Where a node of the bench sees what came from outside. */
export const NODE_PATHS = {
  kubernetes: '/opt/kubernetes',
  debian: '/opt/debian/usr/bin',
  podwire: '/opt/podwire/podwire',
  deploy: '/opt/deploy',
  helm: '/opt/helm/helm',
  /** Where the runtime looks for plugins first: empty, unless somebody writes down what it calls. */
  witness: '/opt/witness/bin',
  /** The directory of the collector's socket. */
  collector: '/run/podwire-collector',
} as const;

export type BenchNode = Namespaces & {
  readonly plan: NodePlan;
  /** Its root among the cgroups, absolute. */
  readonly cgroup: string;
};

export type NodeWish = {
  readonly world: World;
  readonly plan: NodePlan;
  readonly programs: Programs;
  /** A directory outside, seen at NODE_PATHS.collector. */
  readonly collectorDirectory: string;
};

/** Starts the namespaces of a node on the LAN, with the standard paths, empty CNI directories and cgroups of its own. */
export async function bootNode({ world, plan, programs, collectorDirectory }: NodeWish): Promise<BenchNode> {
  const directory = join(world.directory, 'nodes', plan.name);
  for (const name of ['root', 'etc', 'etc-work', 'var']) await mkdir(join(directory, name), { recursive: true });
  await mkdir(collectorDirectory, { recursive: true });
  await createGroups(world.name, [plan.name]);
  const binds = {
    [programs.kubernetes]: NODE_PATHS.kubernetes,
    [programs.debian]: '/opt/debian',
    [programs.podwire]: NODE_PATHS.podwire,
    [programs.deploy]: NODE_PATHS.deploy,
    [programs.helm]: NODE_PATHS.helm,
    [collectorDirectory]: NODE_PATHS.collector,
  };
  const namespaces = await startNamespaces(world, plan.name, renderRootScript({ plan, directory, binds }));
  await connectToLan(world, namespaces, plan.address);
  await runScript(namespaces.enter, [
    `ip route add default via ${ROUTER_ADDRESS} proto static`,
    // A new namespace takes these from the machine: set, so that every bench is alike.
    'echo 0 > /proc/sys/net/ipv4/ip_forward',
    'for file in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 2 > "$file"; done',
  ]);
  return { ...namespaces, plan, cgroup: join('/', world.name, plan.name) };
}

/**
 * What the kubelet would set for the whole machine. It finds its wish in these files and writes nothing
 * (pkg/kubelet/cm/container_manager_linux.go, setupKernelTunables).
 */
const COVERED_SYSCTLS = {
  'vm/overcommit_memory': 1,
  'vm/panic_on_oom': 0,
  'kernel/panic': 10,
  'kernel/panic_on_oops': 1,
  'kernel/keys/root_maxkeys': 1_000_000,
  'kernel/keys/root_maxbytes': 25_000_000,
} as const;

type RootWish = {
  readonly plan: NodePlan;
  readonly directory: string;
  /** Paths outside, and where the node sees them. */
  readonly binds: Readonly<Record<string, string>>;
};

/** The shell lines that give a node its own root: the machine's programs read only, and everything else its own. */
function renderRootScript({ plan, directory, binds }: RootWish): string {
  const hosts = NODE_PLANS.map((node) => `${node.address} ${node.name}`).join('\n');
  const [root, etc, work, variable] = ['root', 'etc', 'etc-work', 'var'].map((name) => quote(join(directory, name)));
  return `
mount -t tmpfs -o mode=0755 podwire-cluster ${root}
cd ${root}
${BIND_PROGRAMS}
mkdir -p etc dev proc sys run tmp root mnt opt/cni .${NODE_PATHS.witness} var
chmod 1777 tmp
mount -t overlay -o lowerdir=/etc,upperdir=${etc},workdir=${work} overlay etc
mount --bind ${variable} var
mkdir -p var/opt-cni/bin
mount --bind var/opt-cni opt/cni
mkdir -p var/lib var/log var/tmp var/cache
ln -sfn ../run var/run
mount --rbind /dev dev
mount -t proc proc proc
mount -t sysfs sysfs sys
mount --rbind /sys/fs/cgroup sys/fs/cgroup
mount -t tmpfs -o mode=0755 run run
mkdir -p run/netns run/cover run/podwire run/lock
rm -rf etc/cni etc/kubernetes
mkdir -p etc/cni/net.d etc/kubernetes etc/containerd
rm -f etc/hostname etc/hosts etc/resolv.conf etc/machine-id
echo ${plan.name} > etc/hostname
printf '127.0.0.1 localhost\\n%s\\n' ${quote(hosts)} > etc/hosts
echo 'nameserver 8.8.8.8' > etc/resolv.conf
echo ${randomUUID().replaceAll('-', '')} > etc/machine-id
${Object.entries(COVERED_SYSCTLS).map(renderCover).join('\n')}
${Object.entries(binds).map(renderBind).join('\n')}
mkdir .old
pivot_root . .old
cd /
umount -l .old
rmdir .old
mount --make-rshared /
`;
}

function renderCover([name, value]: readonly [string, number]): string {
  const file = `run/cover/${name.replaceAll('/', '.')}`;
  return `echo ${value} > ${file} && mount --bind ${file} proc/sys/${name}`;
}

function renderBind([from, to]: readonly [string, string]): string {
  const [outside, inside] = [quote(from), `.${to}`];
  return `if [ -d ${outside} ]; then mkdir -p ${inside}; else mkdir -p "$(dirname ${inside})" && : > ${inside}; fi
mount --bind ${outside} ${inside}`;
}
