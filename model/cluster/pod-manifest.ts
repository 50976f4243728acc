import { z } from 'zod';

/** RFC 1123: what Kubernetes wants namespaces to be named. The lab asks it of its pods too, so that a name fits everywhere. */
export const DnsLabel = z
  .string()
  .max(63)
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, 'a lower-case DNS label');

/** The part of a posted Pod that the lab's API server reads; the rest is dropped. */

const PortManifest = z.object({
  name: z.string().optional(),
  containerPort: z.int().min(1).max(65535),
  hostPort: z.int().min(1).max(65535).optional(),
  protocol: z.enum(['TCP', 'UDP', 'SCTP']).optional(),
});

export const ContainerManifest = z.object({
  name: z.string(),
  image: z.string(),
  command: z.array(z.string()).optional(),
  args: z.array(z.string()).optional(),
  ports: z.array(PortManifest).optional(),
});
export type ContainerManifest = z.infer<typeof ContainerManifest>;

export const PodManifest = z.object({
  metadata: z.object({
    name: DnsLabel,
    namespace: DnsLabel.optional(),
    labels: z.record(z.string(), z.string()).optional(),
    annotations: z.record(z.string(), z.string()).optional(),
  }),
  spec: z.object({
    nodeName: z.string().optional(),
    nodeSelector: z.record(z.string(), z.string()).optional(),
    hostNetwork: z.boolean().optional(),
    restartPolicy: z.enum(['Always', 'OnFailure', 'Never']).optional(),
    terminationGracePeriodSeconds: z.int().nonnegative().optional(),
    containers: z.array(ContainerManifest).min(1),
  }),
});
export type PodManifest = z.infer<typeof PodManifest>;
