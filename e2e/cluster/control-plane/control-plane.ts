import { join } from 'node:path';
import { CLUSTER_CIDR } from '#lab/lab-plan.ts';
import { type BenchNode, NODE_PATHS } from '../node/boot-node.ts';
import { Daemon } from '../world/daemon.ts';
import { type Credentials, KUBERNETES_FOLDER } from './credentials.ts';

/** Addresses of Services. */
export const SERVICE_CIDR = '10.96.0.0/16';
const pki = (name: string): string => join(KUBERNETES_FOLDER, 'pki', name);

export type ControlPlane = {
  readonly etcd: Daemon;
  readonly apiServer: Daemon;
  readonly controllerManager: Daemon;
  readonly scheduler: Daemon;
};

type Wish = { readonly node: BenchNode; readonly credentials: Credentials; readonly logs: string };

/** Starts the four programs on a node, as kubeadm does on one that is a control plane; it does not wait until they serve. */
export async function startControlPlane({ node, credentials, logs }: Wish): Promise<ControlPlane> {
  const make = (name: string, command: readonly string[]) =>
    new Daemon({ name, command, enter: node.enter, logPath: join(logs, `${name}.log`) });
  const etcd = make('etcd', listEtcdWords()).start();
  await credentials.write();
  const apiServer = make('kube-apiserver', listApiServerWords(node)).start();
  const [manager, scheduler] = await Promise.all([
    credentials.writeKubeconfig(node, 'controllerManager'),
    credentials.writeKubeconfig(node, 'scheduler'),
  ]);
  return {
    etcd,
    apiServer,
    controllerManager: make('kube-controller-manager', listControllerManagerWords(manager)).start(),
    scheduler: make('kube-scheduler', [
      `${NODE_PATHS.kubernetes}/kube-scheduler`,
      `--kubeconfig=${scheduler}`,
      '--authentication-skip-lookup',
      '--leader-elect=false',
    ]).start(),
  };
}

/** A bench that dies needs no etcd that survives a power cut. */
const listEtcdWords = (): readonly string[] => [
  `${NODE_PATHS.debian}/etcd`,
  '--data-dir=/var/lib/etcd',
  '--listen-client-urls=http://127.0.0.1:2379',
  '--advertise-client-urls=http://127.0.0.1:2379',
  '--listen-peer-urls=http://127.0.0.1:2380',
  '--log-level=warn',
  '--unsafe-no-fsync',
];

const listApiServerWords = (node: BenchNode): readonly string[] => [
  `${NODE_PATHS.kubernetes}/kube-apiserver`,
  '--etcd-servers=http://127.0.0.1:2379',
  `--advertise-address=${node.plan.address}`,
  '--bind-address=0.0.0.0',
  `--cert-dir=${pki('')}`,
  `--token-auth-file=${join(KUBERNETES_FOLDER, 'tokens.csv')}`,
  '--authorization-mode=Node,RBAC',
  '--enable-admission-plugins=NodeRestriction',
  '--allow-privileged',
  `--service-cluster-ip-range=${SERVICE_CIDR}`,
  '--service-account-issuer=https://kubernetes.default.svc',
  `--service-account-key-file=${pki('sa.pub')}`,
  `--service-account-signing-key-file=${pki('sa.key')}`,
  '--kubelet-preferred-address-types=InternalIP',
];

const listControllerManagerWords = (kubeconfig: string): readonly string[] => [
  `${NODE_PATHS.kubernetes}/kube-controller-manager`,
  `--kubeconfig=${kubeconfig}`,
  '--allocate-node-cidrs',
  `--cluster-cidr=${CLUSTER_CIDR}`,
  `--service-account-private-key-file=${pki('sa.key')}`,
  `--root-ca-file=${pki('apiserver.crt')}`,
  '--authentication-skip-lookup',
  '--leader-elect=false',
  '--use-service-account-credentials',
];
