import { z } from 'zod';
import { AgentStatus } from '../agent/agent-status.ts';
import { Drift } from '../agent/drift.ts';
import { ClusterNode, ClusterPod } from '../cluster/cluster-facts.ts';
import { PluginMode } from '../cni/invocation-event.ts';
import { Finding } from '../findings/finding.ts';
import { FindingCounts } from '../findings/node-finding.ts';
import {
  Address,
  FdbEntry,
  Link,
  Neighbour,
  Netfilter,
  NetnsId,
  NetworkNamespace,
  PolicyRule,
  Route,
} from '../kernel/kernel-snapshot.ts';
import { LinkIndex } from '../kernel/link-index.ts';

/** The join of kernel, CNI events and Kubernetes. Flat collections by id, so that a delta is upserts and removes. */

/** `<namespace>/<name>` */
export const PodKey = z
  .string()
  .regex(/^[^/]+\/[^/]+$/)
  .brand<'PodKey'>();
export type PodKey = z.infer<typeof PodKey>;

/** How we know that a pod owns a namespace, strongest first. */
export const Evidence = z.enum(['cni-event', 'netns-inode', 'mac', 'ip']);
export type Evidence = z.infer<typeof Evidence>;

/** One pod interface and its wire: the pod's link, the host's end, and the bridge it is plugged into. */
export const Attachment = z.object({
  /** `<container id>/<interface>`, or `<netns id>/<interface>` where no CNI event tells the container. */
  id: z.string(),
  pod: PodKey.optional(),
  containerId: z.string().optional(),
  ifName: z.string(),
  namespaceId: NetnsId.optional(),
  podLinkIndex: LinkIndex.optional(),
  hostLinkIndex: LinkIndex.optional(),
  bridgeIndex: LinkIndex.optional(),
  /** Every agreeing piece of evidence, strongest first. */
  evidence: z.array(Evidence),
  /** True where the IP alone made the join. */
  isInferred: z.boolean(),
  /** What the last successful ADD said, to be compared with the kernel. */
  reported: z
    .object({
      addresses: z.array(z.string()),
      gateways: z.array(z.string()),
      podMac: z.string().optional(),
      mtuBytes: z.int().optional(),
      hostVeth: z.string().optional(),
      bridge: z.string().optional(),
    })
    .optional(),
  /** Event id of the ADD that made it. */
  addEventId: z.string().optional(),
});
export type Attachment = z.infer<typeof Attachment>;

/** The head of an invocation, enough to draw a bar; the whole event is at `/api/v1/events/{id}`. */
export const InvocationSummary = z.object({
  id: z.string(),
  node: z.string(),
  verb: z.string(),
  mode: PluginMode,
  outcome: z.enum(['ok', 'error']),
  pod: PodKey.optional(),
  containerId: z.string().optional(),
  ifName: z.string().optional(),
  netnsId: z.string().optional(),
  network: z.string().optional(),
  startedAt: z.string(),
  durationUs: z.int(),
  error: z.string().optional(),
  /** Failures just before it that were the same, and have no event. */
  repeats: z.int().optional(),
  addresses: z.array(z.string()).optional(),
  stepCount: z.int(),
});
export type InvocationSummary = z.infer<typeof InvocationSummary>;

export const TopologyPod = ClusterPod.extend({
  key: PodKey,
  /** Newest invocation of each verb for this pod on this node. */
  lastAdd: InvocationSummary.optional(),
  lastDel: InvocationSummary.optional(),
  /** ADDs in a row that failed, up to now. */
  failedAdds: z.int(),
});
export type TopologyPod = z.infer<typeof TopologyPod>;

export const TopologyNamespace = z.object({
  id: NetnsId,
  names: z.array(z.string()),
  kind: z.enum(['root', 'pod', 'other']),
  pod: PodKey.optional(),
  sysctls: z.record(z.string(), z.string()),
  netfilter: Netfilter.optional(),
  /** Each only where there is something of it. */
  ...NetworkNamespace.pick({ trafficControl: true, bpf: true, bridgeVlans: true, wireguard: true }).shape,
});
export type TopologyNamespace = z.infer<typeof TopologyNamespace>;

const inNamespace = { namespaceId: NetnsId };

export const AgentState = z.object({
  /** live: heard from within 10 s; stale: not; never: no batch yet. */
  state: z.enum(['live', 'stale', 'never']),
  lastSeen: z.string().optional(),
  version: z.string().optional(),
  /** Time of the newest kernel reading that the collector holds. */
  kernelTime: z.string().optional(),
  /** Kernel reading to collector, of the newest batch. */
  lagMs: z.number().optional(),
  /** What it last said of itself. */
  status: AgentStatus.optional(),
});
export type AgentState = z.infer<typeof AgentState>;

/** Use of a node's own address pool: reservations seen on the bridge's subnet. */
export const AddressPool = z.object({ prefix: z.string(), used: z.int(), capacity: z.int() });
export type AddressPool = z.infer<typeof AddressPool>;

/** What somebody who may not see all is not shown, in numbers: what is shown and what is not add up. */
export const Omission = z.object({
  /** Pods of namespaces whose pods they may not list. */
  pods: z.int(),
  /** Nodes of which not even the name is shown; of the cluster view only. */
  nodes: z.int().optional(),
  /** False: facts of nodes, their own namespace, routes and rules are not shown. */
  seesNodes: z.boolean(),
  /** So many namespaces' pods may be listed; absent: those of all. */
  podNamespaces: z.int().optional(),
});
export type Omission = z.infer<typeof Omission>;

/** Everything the node view draws. Keys of kernel records are `<netns id>/<record id>`. */
export const NodeTopology = z.object({
  /** One entry each, key `node`: collections only, so that one kind of delta serves all. */
  node: z.record(
    z.literal('node'),
    z.object({
      name: z.string(),
      facts: ClusterNode.optional(),
      agent: AgentState,
      pools: z.array(AddressPool),
      /** True where the agent's node is not in the cluster, or the other way round: said, not hidden. */
      problems: z.array(z.string()),
      /** What is wrong now, as the agent tells it. */
      findings: z.array(Finding),
      /** What was not as it has to be and was put right, newest first, the last 50. */
      drifts: z.array(Drift),
      /** Absent for whoever sees everything. */
      omitted: Omission.optional(),
    }),
  ),
  pods: z.record(z.string(), TopologyPod),
  attachments: z.record(z.string(), Attachment),
  namespaces: z.record(z.string(), TopologyNamespace),
  links: z.record(z.string(), Link.extend(inNamespace)),
  addresses: z.record(z.string(), Address.extend(inNamespace)),
  routes: z.record(z.string(), Route.extend(inNamespace)),
  rules: z.record(z.string(), PolicyRule.extend(inNamespace)),
  neighbours: z.record(z.string(), Neighbour.extend(inNamespace)),
  fdb: z.record(z.string(), FdbEntry.extend(inNamespace)),
});
export type NodeTopology = z.infer<typeof NodeTopology>;

/** Durations of the ADDs in the last 15 minutes. */
export const InvocationStatistics = z.object({
  windowMinutes: z.int(),
  adds: z.int(),
  dels: z.int(),
  failed: z.int(),
  addP50Us: z.int().optional(),
  addP99Us: z.int().optional(),
});
export type InvocationStatistics = z.infer<typeof InvocationStatistics>;

export const NodeTile = z.object({
  name: z.string(),
  ready: ClusterNode.shape.ready,
  internalIps: z.array(z.string()),
  podCidrs: z.array(z.string()),
  roles: z.array(z.string()),
  agent: AgentState,
  pods: z.object({ total: z.int(), running: z.int(), wired: z.int(), failing: z.int() }),
  pools: z.array(AddressPool),
  invocations: InvocationStatistics,
  /** What its agent finds wrong now. */
  findings: FindingCounts,
  /** The node's own facts are left out, as whoever asks may not see them; absent: they are what is known. */
  isNameOnly: z.literal(true).optional(),
  /** For each other node: can this one's main table send to its podCIDR? The record that decides, or why unknown. */
  routes: z.array(
    z.object({
      toNode: z.string(),
      podCidr: z.string(),
      state: z.enum(['own', 'routed', 'default-only', 'missing', 'unknown']),
      /** `10.240.1.0/24 via 192.168.31.162 dev eth0` */
      record: z.string().optional(),
    }),
  ),
});
export type NodeTile = z.infer<typeof NodeTile>;

export const ClusterTopology = z.object({
  /** One entry, key `cluster`. */
  cluster: z.record(
    z.literal('cluster'),
    z.object({
      source: z.enum(['lab', 'kubernetes', 'none']),
      /** Where the facts come from: the API server's address. */
      server: z.string().optional(),
      /** Why the watch is not delivering, if it is not. */
      problem: z.string().optional(),
      /** What the API server does not let this Podwire see, each in words; absent where it sees all. */
      blindSpots: z.array(z.string()).optional(),
      nodeCount: z.int(),
      podCount: z.int(),
      /** Pods that no node has been given. */
      unscheduledPods: z.int(),
      /** Absent for whoever sees everything. */
      omitted: Omission.optional(),
    }),
  ),
  nodes: z.record(z.string(), NodeTile),
});
export type ClusterTopology = z.infer<typeof ClusterTopology>;
