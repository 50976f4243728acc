import { copyFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { runOrThrow } from '#lab/run-command.ts';
import { PAUSE_IMAGE } from '../pack-images.ts';
import { waitFor } from '../wait-for.ts';
import { Daemon } from '../world/daemon.ts';
import { type BenchNode, NODE_PATHS } from './boot-node.ts';

const CONFIGURATION_FILE = '/etc/containerd/config.toml';
const TOOL_TIMEOUT_MS = 3 * 60_000;
export const CONTAINERD_SOCKET = '/run/containerd/containerd.sock';

/** Without CAP_SYS_RESOURCE nobody may protect a sandbox from the out-of-memory killer, and runc would fail on the wish. */
const CONFIGURATION = `version = 3
disabled_plugins = ["io.containerd.nri.v1.nri"]
[plugins."io.containerd.cri.v1.images".pinned_images]
  sandbox = "${PAUSE_IMAGE}"
[plugins."io.containerd.cri.v1.runtime"]
  restrict_oom_score_adj = true
  disable_apparmor = true
  [plugins."io.containerd.cri.v1.runtime".cni]
    bin_dirs = ["${NODE_PATHS.witness}", "/opt/cni/bin"]
    conf_dir = "/etc/cni/net.d"
`;

/** Starts containerd 2 on a node with the `loopback` plugin that it needs; images come with `importImages`. */
export async function startContainerd(node: BenchNode, logs: string): Promise<Daemon> {
  await writeFile(join(node.root, CONFIGURATION_FILE), CONFIGURATION);
  await runOrThrow([...node.enter, 'cp', '/usr/lib/cni/loopback', '/opt/cni/bin/']);
  return new Daemon({
    name: `containerd of ${node.name}`,
    command: [`${NODE_PATHS.debian}/containerd`],
    enter: node.enter,
    // The shim and ctr of the same version stand beside it; runc is the machine's own.
    env: { PATH: `${NODE_PATHS.debian}:/usr/sbin:/usr/bin:/sbin:/bin` },
    logPath: join(logs, `containerd-${node.name}.log`),
  }).start();
}

const IMPORTED_FOLDER = '/var/tmp';

/** Gives a node images, from archives outside, into the namespace of the kubelet. */
export async function importImages(node: BenchNode, archives: readonly string[]): Promise<void> {
  await waitFor({ what: `containerd of ${node.name}` }, async () => {
    await runContainerdTool(node, ['version']);
    return true;
  });
  for (const archive of archives) {
    const path = join(IMPORTED_FOLDER, basename(archive));
    await copyFile(archive, join(node.root, path));
    await runContainerdTool(node, ['images', 'import', '--local', path]);
    await rm(join(node.root, path));
  }
}

const runContainerdTool = (node: BenchNode, words: readonly string[]): Promise<string> =>
  runOrThrow([...node.enter, `${NODE_PATHS.debian}/ctr`, '--namespace', 'k8s.io', ...words], {
    timeoutMs: TOOL_TIMEOUT_MS,
  });
