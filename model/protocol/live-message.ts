import { z } from 'zod';
import { FindingsTopology } from '../findings/node-finding.ts';
import { ClusterTopology, InvocationSummary, NodeTopology } from '../topology/topology.ts';

/** RFC 1123 names, as the API server bounds them; `<namespace>/<name>` of a pod. A subscription keeps them in memory. */
const NodeName = z.string().max(253);
const PodKey = z.string().max(63 + 1 + 253);

/**
 * `WS /api/v1/live`, JSON text frames.
 *
 * The server says `hello`; the browser says `subscribe` for each thing it draws, under an id of its own; the server
 * answers with one `snapshot` under that id, then with deltas whose `seq` rises by one for each subscription. A browser that
 * sees a gap says `subscribe` again with the same id.
 */
export const LiveView = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('cluster') }),
  z.object({ kind: z.literal('node'), node: NodeName }),
  /** What is wrong now, of every node. */
  z.object({ kind: z.literal('findings') }),
  /** Invocations as they arrive, of one node or (absent) of all; the snapshot has the newest 500, oldest first. */
  z.object({ kind: z.literal('invocations'), node: NodeName.optional(), pod: PodKey.optional() }),
]);
export type LiveView = z.infer<typeof LiveView>;

/** The browser's own, echoed in every message of the subscription. */
const SubscriptionId = z.string().max(128);

export const LiveRequest = z.discriminatedUnion('type', [
  z.object({ type: z.literal('subscribe'), id: SubscriptionId, view: LiveView }),
  z.object({ type: z.literal('unsubscribe'), id: SubscriptionId }),
]);
export type LiveRequest = z.infer<typeof LiveRequest>;

/** Changes of a topology: per collection the records to put and the keys to remove. */
export const TopologyDelta = z.object({
  put: z.record(z.string(), z.record(z.string(), z.unknown())),
  remove: z.record(z.string(), z.array(z.string())),
});
export type TopologyDelta = z.infer<typeof TopologyDelta>;

export const InvocationList = z.object({
  invocations: z.array(InvocationSummary),
  /** How many older ones the collector holds beyond these. */
  olderCount: z.int(),
});
export type InvocationList = z.infer<typeof InvocationList>;

const head = { id: z.string(), seq: z.int() };

export const LiveMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('hello'), protocol: z.literal(1), serverTime: z.string(), version: z.string() }),
  z.object({ ...head, type: z.literal('snapshot.cluster'), topology: ClusterTopology }),
  /** `topology` absent: no such node. A later snapshot follows should it appear. */
  z.object({ ...head, type: z.literal('snapshot.node'), topology: NodeTopology.optional() }),
  z.object({ ...head, type: z.literal('snapshot.findings'), topology: FindingsTopology }),
  z.object({ ...head, type: z.literal('snapshot.invocations'), list: InvocationList }),
  z.object({ ...head, type: z.literal('delta'), delta: TopologyDelta }),
  z.object({ ...head, type: z.literal('invocations'), invocations: z.array(InvocationSummary) }),
  z.object({ type: z.literal('error'), id: z.string().optional(), message: z.string() }),
  /** Every 2 s, so that silence means trouble. */
  z.object({ type: z.literal('heartbeat'), serverTime: z.string() }),
]);
export type LiveMessage = z.infer<typeof LiveMessage>;
