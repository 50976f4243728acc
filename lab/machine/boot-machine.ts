import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { LabOptions } from '../lab-options.ts';
import { NODE_PLANS, type NodePlan } from '../lab-plan.ts';
import { BIND_PROGRAMS, quote } from './bind-programs.ts';
import { type NamespaceHolder, startNamespaceHolder } from './namespace-holder.ts';

/** One node of the lab: namespaces with the standard paths of a Kubernetes node. */
export type Machine = {
  readonly plan: NodePlan;
  readonly holder: NamespaceHolder;
  /** Changes with every start of the lab, as a real node's does with every boot. */
  readonly bootId: string;
  /** What outlives the lab: the journal, the agent's cursor, configuration and logs of containers. */
  readonly directory: string;
};

export const CONFIGURATION_DIRECTORY = '/etc/cni/net.d';
export const PLUGIN_DIRECTORY = '/opt/cni/bin';
/** Where a node sees PODWIRE_LAB_DIR/nodes/NAME/containers. */
export const CONTAINER_DIRECTORY = '/var/lib/podwire-lab/containers';
/** Where a node sees the directory of the collector's socket: a socket's path has 107 bytes at most (unix(7)). */
export const COLLECTOR_DIRECTORY = '/run/podwire-collector';
export const EXECUTABLE_PATH = '/opt/podwire/podwire';
/** Where a node sees {@link apiDirectory}: the way of its agent to the lab's API. */
export const API_DIRECTORY = '/run/podwire-api';
export const API_SOCKET_NAME = 'api.sock';
export const API_TOKEN_NAME = 'token';
/** While this file is there, the node's agent leaves the pod network alone: what `podwire uninstall` writes. */
export const MANAGEMENT_SWITCH = '/var/lib/podwire/unmanaged';

export function apiDirectory(labDirectory: string): string {
  return join(labDirectory, 'api');
}

/** Starts a node's namespaces with a root of its own; it has no link yet. Its CNI directories are empty, and its agent is told to leave them so. */
export async function bootMachine(plan: NodePlan, options: LabOptions): Promise<Machine> {
  const directory = join(options.directory, 'nodes', plan.name);
  await rm(join(directory, 'containers'), { recursive: true, force: true });
  for (const name of ['root', 'journal', 'agent', 'containers']) {
    await mkdir(join(directory, name), { recursive: true });
  }
  const bootId = randomUUID();
  const holder = await startNamespaceHolder(
    directory,
    plan.name,
    renderRootScript({ plan, directory, bootId, options }),
  );
  return { plan, holder, bootId, directory };
}

type RootWish = {
  readonly plan: NodePlan;
  readonly directory: string;
  readonly bootId: string;
  readonly options: LabOptions;
};

/**
 * The shell lines that give a node its own root: the machine's programs, read only, and private /etc, /run, /opt, /var.
 * /etc is a directory of links into the machine's, so that CNI's directory can be made there by an ordinary user.
 * A second sysfs stays visible: `ip netns exec` takes /sys away before it mounts its own, and the kernel allows a new one
 * only where one can be seen already (fs/namespace.c, mount_too_revealing).
 * Submounts are bound with them (`--rbind`): the kernel refuses to uncover what they hide (mount_namespaces(7)).
 */
function renderRootScript({ plan, directory, bootId, options }: RootWish): string {
  const collector = options.collectorSocket === undefined ? undefined : dirname(options.collectorSocket);
  const hosts = NODE_PLANS.map((node) => `${node.address} ${node.name}`).join('\n');
  return `
mount -t tmpfs -o mode=0755 podwire-lab ${quote(join(directory, 'root'))}
cd ${quote(join(directory, 'root'))}
${BIND_PROGRAMS}
mkdir -p .machine-etc .machine-sys etc dev proc sys run/netns run/podwire tmp root mnt opt/cni/bin opt/podwire opt/images
mkdir -p var/lib/podwire/journal var/lib/podwire/agent var/lib/cni var/log var/tmp .${CONTAINER_DIRECTORY}
chmod 1777 tmp var/tmp
ln -s ../run var/run
mount --rbind /etc .machine-etc
(cd etc && ln -s ../.machine-etc/* . && rm -rf cni hosts hostname resolv.conf && mkdir -p cni/net.d)
${CHOOSE_IPTABLES_NFT}
echo ${plan.name} > etc/hostname
printf '127.0.0.1 localhost\\n%s\\n' ${quote(hosts)} > etc/hosts
echo 'nameserver 8.8.8.8' > etc/resolv.conf
mount --rbind /dev dev
mount -t proc proc proc
mount --rbind /sys .machine-sys
mount -t sysfs sysfs sys 2>/dev/null || mount --rbind /sys sys
echo ${bootId} > run/boot-id
mount --bind run/boot-id proc/sys/kernel/random/boot_id
mount --bind ${quote(join(directory, 'journal'))} var/lib/podwire/journal
mount --bind ${quote(join(directory, 'agent'))} var/lib/podwire/agent
mount --bind ${quote(join(directory, 'containers'))} .${CONTAINER_DIRECTORY}
mount --rbind ${quote(options.images.directory)} opt/images
: > .${EXECUTABLE_PATH}
mount --bind ${quote(options.executable)} .${EXECUTABLE_PATH}
${collector === undefined ? '' : `mkdir -p .${COLLECTOR_DIRECTORY}\nmount --rbind ${quote(collector)} .${COLLECTOR_DIRECTORY}`}
mkdir -p .${API_DIRECTORY}
mount --bind ${quote(apiDirectory(options.directory))} .${API_DIRECTORY}
echo 'the lab installs the network plugin later' > .${MANAGEMENT_SWITCH}
mkdir .old
pivot_root . .old
cd /
umount -l .old
rmdir .old
`;
}

/** Debian's alternatives may name the legacy iptables, whose tables an ordinary user's namespace cannot load. */
const CHOOSE_IPTABLES_NFT = `
if [ -x /usr/sbin/iptables-nft ]; then
  rm -f etc/alternatives
  mkdir etc/alternatives
  (cd etc/alternatives && ln -s ../../.machine-etc/alternatives/* .)
  for action in '' -save -restore; do
    ln -sf /usr/sbin/iptables-nft$action etc/alternatives/iptables$action
    ln -sf /usr/sbin/ip6tables-nft$action etc/alternatives/ip6tables$action
  done
fi`;
