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
  podIps: z.array(z.string()),
  hostNetwork: z.boolean(),
  images: z.array(z.string()),
  createdAt: z.string(),
  deletedAt: z.string().optional(),
});
export type ClusterPod = z.infer<typeof ClusterPod>;
