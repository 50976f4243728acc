import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import type { ProgramOutcome } from '#plugin/testing/kernel-world.ts';
import { type ClientWorld, STATIC_BUSYBOX } from './client-world.ts';

/** Programs that the tests with podman need, and the Debian packages they come from. */
export const PODMAN_NEEDS = [
  ['/usr/bin/podman', 'podman'],
  ['/usr/bin/conmon', 'conmon'],
  ['/usr/bin/crun', 'crun'],
] as const;

const ROOT_FILESYSTEM = '/run/rootfs';
const SETTINGS = '/run/containers.conf';

/** crun, because podman runs containers without a cgroup under no other runtime. */
const CONFIGURATION = `
[network]
network_backend = "cni"
cni_plugin_dirs = ["/opt/cni/bin"]
network_config_dir = "/etc/cni/net.d"
[engine]
runtime = "crun"
cgroup_manager = "cgroupfs"
events_logger = "none"
[containers]
cgroups = "disabled"
`;

/** Podman's settings, and a root filesystem for its containers with nothing in it but busybox. */
export function preparePodman(world: ClientWorld): void {
  writeFileSync(world.outsidePath(SETTINGS), CONFIGURATION);
  const folder = world.outsidePath(`${ROOT_FILESYSTEM}/bin`);
  mkdirSync(folder, { recursive: true });
  copyFileSync(STATIC_BUSYBOX, `${folder}/busybox`);
  chmodSync(`${folder}/busybox`, 0o755);
}

export function callPodman(world: ClientWorld, ...words: readonly string[]): ProgramOutcome {
  return world.try(['podman', '--storage-driver', 'vfs', ...words], '', { CONTAINERS_CONF: SETTINGS });
}

/** Starts a container that sleeps. @param options further options of `podman run` */
export function runContainer(world: ClientWorld, name: string, options: readonly string[] = []): ProgramOutcome {
  const words = ['run', '--detach', '--name', name, '--network', 'podnet', ...options];
  return callPodman(world, ...words, '--rootfs', ROOT_FILESYSTEM, '/bin/busybox', 'sleep', '1000000');
}
