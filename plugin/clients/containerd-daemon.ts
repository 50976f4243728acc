import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { type ClientWorld, STATIC_BUSYBOX } from './client-world.ts';
import { packPauseImage } from './pack-image.ts';

/** The image that ctr runs and that every pod sandbox is made of. */
export const PAUSE_IMAGE = 'podwire.test/pause:1';

/** Programs and files that the tests with containerd need, and the Debian packages they come from. */
export const CONTAINERD_NEEDS = [
  ['/usr/bin/containerd', 'containerd'],
  ['/usr/bin/ctr', 'containerd'],
  ['/usr/sbin/runc', 'runc'],
] as const;

/** Namespace in which the CRI part of containerd keeps its images and containers. */
export const CRI_NAMESPACE = 'k8s.io';

export const CONTAINERD_SOCKET = '/run/containerd/containerd.sock';

/**
 * Everything of containerd's defaults, but no cgroups (the world has none to write), no AppArmor profile (a user namespace
 * cannot load one), and scores of the out-of-memory killer that a process without CAP_SYS_RESOURCE may set.
 */
const CONFIGURATION = `version = 2
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${PAUSE_IMAGE}"
  disable_cgroup = true
  disable_apparmor = true
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/opt/cni/bin"
`;

const PID_FILE = '/run/containerd.pid';

/** Starts containerd in a world and gives it the image; it ends with the world. @throws where it ends before it serves */
export async function startContainerd(world: ClientWorld): Promise<void> {
  writeFileSync(world.outsidePath('/run/containerd.toml'), CONFIGURATION);
  const daemon = world.spawn(['sh', '-c', `echo $$ >${PID_FILE} && exec containerd --config /run/containerd.toml`]);
  let log = '';
  await new Promise<void>((resolve, reject) => {
    daemon.stderr.setEncoding('utf8').on('data', (text: string) => {
      log += text;
      if (log.includes('containerd successfully booted')) resolve();
    });
    daemon.once('close', (code) => reject(new Error(`containerd exited ${code}: ${log}`)));
  });
  writeFileSync(world.outsidePath('/run/pause.tar'), packPauseImage(PAUSE_IMAGE, readFileSync(STATIC_BUSYBOX)));
  world.exec('ctr', '--namespace', CRI_NAMESPACE, 'images', 'import', '/run/pause.tar');
}

/** Ends containerd as a crash does; sandboxes go on. */
export async function killContainerd(world: ClientWorld): Promise<void> {
  world.exec('sh', '-c', `kill -KILL "$(cat ${PID_FILE})"`);
  while (world.try(['sh', '-c', `kill -0 "$(cat ${PID_FILE})"`]).exitCode === 0) await wait(20);
}
