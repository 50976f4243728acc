/** Absolute paths of everything that a node or the control plane of the bench runs. */
export type Programs = {
  /** Folder with kube-apiserver, kube-controller-manager, kube-scheduler, kubelet, kube-proxy and kubectl. */
  readonly kubernetes: string;
  /** Root of the unpacked Debian packages: containerd, its shim, ctr and etcd are in `usr/bin`. */
  readonly debian: string;
  /** Statically linked. */
  readonly busybox: string;
  /** `dist/podwire` */
  readonly podwire: string;
  /** `dist/podwire-image.tar` */
  readonly image: string;
  /** `deploy/` of this checkout, with the chart. */
  readonly deploy: string;
  readonly helm: string;
};

export const KUBERNETES_VERSION = '1.36.2';

export const KUBERNETES_PROGRAMS = [
  // The largest first: it shares most packages with the others.
  'kubelet',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kube-proxy',
  'kubectl',
] as const;
