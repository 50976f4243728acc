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

export type ServiceObject = {
  readonly kind: 'Service';
  readonly apiVersion: 'v1';
  readonly metadata: ObjectMeta & { readonly namespace: string };
  readonly spec: {
    readonly type: 'ClusterIP' | 'NodePort';
    readonly clusterIP: string;
    readonly clusterIPs: readonly string[];
    readonly selector?: Readonly<Record<string, string>>;
    readonly ports: readonly {
      readonly name?: string | undefined;
      readonly protocol: string;
      readonly port: number;
      readonly targetPort: number | string;
      readonly nodePort?: number | undefined;
    }[];
  };
};

export type EndpointSliceObject = {
  readonly kind: 'EndpointSlice';
  readonly apiVersion: 'discovery.k8s.io/v1';
  readonly metadata: ObjectMeta & { readonly namespace: string };
  readonly addressType: 'IPv4';
  readonly ports: readonly { readonly name?: string; readonly protocol: string; readonly port?: number }[];
  readonly endpoints: readonly {
    readonly addresses: readonly string[];
    readonly conditions: { readonly ready: boolean };
    readonly nodeName: string;
    readonly targetRef: {
      readonly kind: 'Pod';
      readonly name: string;
      readonly namespace: string;
      readonly uid: string;
    };
  }[];
};

export type KubernetesObject = NodeObject | PodObject | ServiceObject | EndpointSliceObject;
export type ObjectKind = KubernetesObject['kind'];

/** Where each kind is found: `/api/v1/nodes`, `/apis/discovery.k8s.io/v1/endpointslices`. */
export const RESOURCE_KINDS: Readonly<Record<string, ObjectKind>> = {
  'api/v1/nodes': 'Node',
  'api/v1/pods': 'Pod',
  'api/v1/services': 'Service',
  'apis/discovery.k8s.io/v1/endpointslices': 'EndpointSlice',
};
