import { z } from 'zod';
import { DnsLabel } from '../cluster/pod-manifest.ts';
import { InvocationEvent } from '../cni/invocation-event.ts';
import { NodeFinding } from '../findings/node-finding.ts';
import {
  Attachment,
  ClusterTopology,
  InvocationSummary,
  NodeTile,
  NodeTopology,
  TopologyPod,
} from '../topology/topology.ts';

/** Bodies of the REST routes. `GET /api/v1/cluster` answers ClusterTopology, `/nodes/{node}` NodeTopology. */
export const ClusterBody = ClusterTopology;
export const NodeBody = NodeTopology;
export const NodesBody = z.object({ nodes: z.array(NodeTile) });
export const PodsBody = z.object({ pods: z.array(TopologyPod), total: z.int() });

/** `/api/v1/pods/{namespace}/{name}`: what Kubernetes, the kernel and CNI say of one pod. */
export const PodBody = z.object({
  pod: TopologyPod.optional(),
  node: z.string().optional(),
  attachments: z.array(Attachment),
  /** Newest first. */
  invocations: z.array(InvocationSummary),
});
export type PodBody = z.infer<typeof PodBody>;

/** `/api/v1/findings`: what is wrong now, worst first. */
export const FindingsBody = z.object({ findings: z.array(NodeFinding) });
export type FindingsBody = z.infer<typeof FindingsBody>;

export const EventsBody = z.object({
  /** Newest first. */
  events: z.array(InvocationSummary),
  /** To be sent back as `cursor` for the next, older page; absent on the last. */
  cursor: z.string().optional(),
});
export type EventsBody = z.infer<typeof EventsBody>;

/** `/api/v1/events/{id}` */
export const EventBody = z.object({ node: z.string(), receivedAt: z.string(), event: InvocationEvent });
export type EventBody = z.infer<typeof EventBody>;

/** `POST /api/v1/lab/pods`; only where the embedded lab runs, 404 `no-lab` elsewhere. */
export const LabPodRequest = z.object({
  namespace: DnsLabel.default('default'),
  name: DnsLabel,
  node: z.string(),
  image: z.enum(['busybox', 'nginx']),
});
export type LabPodRequest = z.infer<typeof LabPodRequest>;

/** `GET /api/v1/lab` */
export const LabBody = z.object({
  nodes: z.array(
    z.object({
      name: z.string(),
      isConfigured: z.boolean(),
      /** Files in /etc/cni/net.d in the order libcni reads them. */
      configurationFiles: z.array(z.string()),
    }),
  ),
  images: z.array(z.string()),
});
export type LabBody = z.infer<typeof LabBody>;

/** `PUT /api/v1/lab/nodes/{node}/cni`: puts the executable and the configuration in place, or takes the configuration away. */
export const LabCniRequest = z.object({ installed: z.boolean() });
export type LabCniRequest = z.infer<typeof LabCniRequest>;

/** `POST /api/v1/lab/pods/{namespace}/{name}/exec`: one command in the pod's namespaces, 10 s at most. */
export const LabExecRequest = z.object({ command: z.array(z.string()).min(1).max(32) });
export const LabExecBody = z.object({ exitCode: z.int(), stdout: z.string(), stderr: z.string() });
export type LabExecBody = z.infer<typeof LabExecBody>;
