import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CLUSTER_CIDR } from '#lab/lab-plan.ts';
import { type Credentials, KUBERNETES_FOLDER } from '../control-plane/credentials.ts';
import { Daemon } from '../world/daemon.ts';
import { type BenchNode, NODE_PATHS } from './boot-node.ts';
import { CONTAINERD_SOCKET } from './containerd.ts';

const CONFIGURATION_FILE = join(KUBERNETES_FOLDER, 'kubelet.json');

/** KubeletConfiguration, kubelet.config.k8s.io/v1beta1: a node whose disk and memory belong to a bigger machine. */
const describeKubelet = (node: BenchNode) => ({
  apiVersion: 'kubelet.config.k8s.io/v1beta1',
  kind: 'KubeletConfiguration',
  // Only the bench can reach the port; the API server comes without a certificate.
  authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
  authorization: { mode: 'AlwaysAllow' },
  containerRuntimeEndpoint: `unix://${CONTAINERD_SOCKET}`,
  cgroupDriver: 'cgroupfs',
  cgroupRoot: node.cgroup,
  failCgroupV1: false,
  failSwapOn: false,
  resolvConf: '',
  evictionHard: { 'imagefs.available': '0%', 'nodefs.available': '0%', 'memory.available': '0%' },
  imageGCHighThresholdPercent: 100,
});

type Wish = { readonly node: BenchNode; readonly credentials: Credentials; readonly logs: string };

export async function startKubelet({ node, credentials, logs }: Wish): Promise<Daemon> {
  const kubeconfig = await credentials.writeKubeconfig(node, `node/${node.name}`);
  await writeFile(join(node.root, CONFIGURATION_FILE), JSON.stringify(describeKubelet(node)));
  return new Daemon({
    name: `kubelet of ${node.name}`,
    command: [
      `${NODE_PATHS.kubernetes}/kubelet`,
      `--kubeconfig=${kubeconfig}`,
      `--config=${CONFIGURATION_FILE}`,
      `--hostname-override=${node.name}`,
      `--node-ip=${node.plan.address}`,
    ],
    enter: node.enter,
    logPath: join(logs, `kubelet-${node.name}.log`),
  }).start();
}

export async function startProxy({ node, credentials, logs }: Wish): Promise<Daemon> {
  const kubeconfig = await credentials.writeKubeconfig(node, 'proxy');
  return new Daemon({
    name: `kube-proxy of ${node.name}`,
    command: [
      `${NODE_PATHS.kubernetes}/kube-proxy`,
      `--kubeconfig=${kubeconfig}`,
      `--hostname-override=${node.name}`,
      `--cluster-cidr=${CLUSTER_CIDR}`,
      '--proxy-mode=iptables',
      // The table of connections is the machine's: no wish of its size, nobody to refuse it.
      '--conntrack-max-per-core=0',
      '--conntrack-min=0',
    ],
    enter: node.enter,
    logPath: join(logs, `kube-proxy-${node.name}.log`),
  }).start();
}
