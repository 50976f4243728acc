import { z } from 'zod';
import { DnsLabel } from './pod-manifest.ts';

const PortNumber = z.int().min(1).max(65_535);

/** The part of a posted Service that the lab's API server reads; the rest is dropped. */
export const ServiceManifest = z.object({
  metadata: z.object({
    name: DnsLabel,
    namespace: DnsLabel.optional(),
    labels: z.record(z.string(), z.string()).optional(),
  }),
  spec: z.object({
    type: z.enum(['ClusterIP', 'NodePort']).optional(),
    /** `None` makes it headless; an address of its own is not taken. */
    clusterIP: z.literal('None').optional(),
    selector: z.record(z.string(), z.string()).optional(),
    ports: z
      .array(
        z.object({
          name: z.string().optional(),
          protocol: z.enum(['TCP', 'UDP', 'SCTP']).optional(),
          port: PortNumber,
          targetPort: z.union([PortNumber, z.string()]).optional(),
          nodePort: PortNumber.optional(),
        }),
      )
      .min(1),
  }),
});
export type ServiceManifest = z.infer<typeof ServiceManifest>;
