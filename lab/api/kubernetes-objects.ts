import type { ContainerManifest, PodManifest } from '#model/cluster/pod-manifest.ts';

/** The objects that the lab's API server hands out: Kubernetes' own field names, the fields its clients need. */

export type ObjectMeta = {
  readonly name: string;
  readonly namespace?: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly creationTimestamp: string;
  readonly deletionTimestamp?: string;
  readonly deletionGracePeriodSeconds?: number;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
};

export type Condition = {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime: string;
  readonly lastHeartbeatTime?: string;
};

export type NodeObject = {
  readonly kind: 'Node';
  readonly apiVersion: 'v1';
  readonly metadata: ObjectMeta;
  readonly spec: {
    readonly podCIDR: string;
    readonly podCIDRs: readonly string[];
    readonly taints?: readonly { readonly key: string; readonly effect: string }[];
  };
  readonly status: {
    readonly conditions: readonly Condition[];
    readonly addresses: readonly { readonly type: string; readonly address: string }[];
    readonly nodeInfo: Readonly<Record<string, string>>;
  };
};

export type ContainerState =
  | { readonly waiting: { readonly reason: string; readonly message?: string } }
  | { readonly running: { readonly startedAt: string } }
  | { readonly terminated: { readonly exitCode: number; readonly reason: string; readonly finishedAt: string } };

export type ContainerStatus = {
  readonly name: string;
  readonly image: string;
  readonly imageID: string;
  readonly ready: boolean;
  readonly started: boolean;
  readonly restartCount: number;
  readonly containerID?: string;
  readonly state: ContainerState;
};

export type PodObject = {
  readonly kind: 'Pod';
  readonly apiVersion: 'v1';
  readonly metadata: ObjectMeta & { readonly namespace: string };
  readonly spec: PodManifest['spec'] & {
    readonly nodeName: string;
    readonly containers: readonly ContainerManifest[];
    readonly terminationGracePeriodSeconds: number;
  };
  readonly status: {
    readonly phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed';
    readonly conditions: readonly Condition[];
    readonly containerStatuses?: readonly ContainerStatus[];
    readonly hostIP?: string;
    readonly podIP?: string;
    readonly podIPs?: readonly { readonly ip: string }[];
    readonly startTime?: string;
  };
};

export type KubernetesObject = NodeObject | PodObject;
export type ObjectKind = KubernetesObject['kind'];

/** The path segment of a kind: `/api/v1/nodes`, `/api/v1/pods`. */
export const RESOURCE_KINDS: Readonly<Record<string, ObjectKind>> = { nodes: 'Node', pods: 'Pod' };
