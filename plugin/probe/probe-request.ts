import { z } from 'zod';

/** What the process of a probe is told, as JSON in its only argument. */
export const ProbeRequest = z.object({
  /** Absent: from the namespace of the process. */
  namespace: z.object({ id: z.string(), path: z.string() }).optional(),
  to: z.union([z.ipv4(), z.ipv6()]),
  protocol: z.enum(['icmp', 'tcp', 'udp']),
  port: z.int().min(1).max(65_535).optional(),
  timeoutMs: z.int().min(1).max(10_000),
});
export type ProbeRequest = z.infer<typeof ProbeRequest>;
