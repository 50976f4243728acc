import { z } from 'zod';

/** The few fields we keep of Kubernetes' objects. Everything else is dropped when it arrives. */

export const NodeCondition = z.object({
  /** True, False or Unknown of the condition `Ready`. */
  status: z.enum(['True', 'False', 'Unknown']),
  reason: z.string().optional(),
  /** The kubelet's own words. */
  message: z.string().optional(),
  since: z.string().optional(),
});
export type NodeCondition = z.infer<typeof NodeCondition>;

export const ClusterNode = z.object({
  name: z.string(),
  uid: z.string(),
  internalIps: z.array(z.string()),
  podCidrs: z.array(z.string()),
  roles: z.array(z.string()),
  /** Absent: the kubelet has not reported yet. */
  ready: NodeCondition.optional(),
  runtime: z.string().optional(),
  kernel: z.string().optional(),
  osImage: z.string().optional(),
  kubeletVersion: z.string().optional(),
});
export type ClusterNode = z.infer<typeof ClusterNode>;

export const ClusterPod = z.object({
  namespace: z.string(),
  name: z.string(),
  uid: z.string(),
  nodeName: z.string().optional(),
  /** Pending, Running, Succeeded, Failed, Unknown */
  phase: z.string(),
  /** What kubectl would say: ContainerCreating, Running, Terminating, CrashLoopBackOff, … */
  status: z.string(),
  /** The reason behind the status, where there is one: the message of the failed sandbox. */
  message: z.string().optional(),
  /** READY and RESTARTS of kubectl: sidecars count, other init containers do not. */
  containers: z.object({ ready: z.int(), total: z.int(), restarts: z.int() }).optional(),
  nominatedNodeName: z.string().optional(),
  readinessGates: z.object({ met: z.int(), total: z.int() }).optional(),
  podIps: z.array(z.string()),
  hostNetwork: z.boolean(),
  images: z.array(z.string()),
  createdAt: z.string(),
  deletedAt: z.string().optional(),
});
export type ClusterPod = z.infer<typeof ClusterPod>;

export const ServicePort = z.object({
  name: z.string().optional(),
  protocol: z.string(),
  port: z.int(),
  /** A number, or the name of a container's port. */
  targetPort: z.string().optional(),
  nodePort: z.int().optional(),
});

export const ClusterService = z.object({
  namespace: z.string(),
  name: z.string(),
  uid: z.string(),
  /** ClusterIP, NodePort, LoadBalancer, ExternalName */
  type: z.string(),
  /** Empty for a headless service. */
  clusterIps: z.array(z.string()),
  ports: z.array(ServicePort),
  selector: z.record(z.string(), z.string()).optional(),
});
export type ClusterService = z.infer<typeof ClusterService>;

export const ClusterEndpointSlice = z.object({
  namespace: z.string(),
  name: z.string(),
  uid: z.string(),
  /** Label `kubernetes.io/service-name`. */
  service: z.string().optional(),
  addressType: z.string(),
  ports: z.array(z.object({ name: z.string().optional(), protocol: z.string().optional(), port: z.int().optional() })),
  endpoints: z.array(
    z.object({
      addresses: z.array(z.string()),
      isReady: z.boolean(),
      nodeName: z.string().optional(),
      /** `<namespace>/<name>` of the pod behind it. */
      pod: z.string().optional(),
    }),
  ),
});
export type ClusterEndpointSlice = z.infer<typeof ClusterEndpointSlice>;
