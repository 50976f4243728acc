import { z } from 'zod';
import { ClusterEndpointSlice, ClusterNode, ClusterPod, ClusterService } from '../cluster/cluster-facts.ts';
import { BatchRecord } from '../protocol/agent-batch.ts';

/**
 * What the collector writes down, in the order in which it heard of it. Everything that the topology shows follows from
 * these entries and the time that is asked for; there is no other input.
 *
 * Entries belong to streams that are folded apart: one for each node (its agent's words, its Node object, the pods that it
 * was given) and one for the cluster (`CLUSTER_STREAM`: the watch itself, and what belongs to no node).
 */
export const CLUSTER_STREAM = '';

export const ClusterKind = z.enum(['node', 'pod', 'service', 'endpointSlice']);
export type ClusterKind = z.infer<typeof ClusterKind>;

/** An object of the cluster as it is from now on. */
export const ClusterFact = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('node'), object: ClusterNode }),
  z.object({ kind: z.literal('pod'), object: ClusterPod }),
  z.object({ kind: z.literal('service'), object: ClusterService }),
  z.object({ kind: z.literal('endpointSlice'), object: ClusterEndpointSlice }),
]);
export type ClusterFact = z.infer<typeof ClusterFact>;

export const EntryBody = z.discriminatedUnion('type', [
  ...BatchRecord.options,
  /** The agent spoke: its version or boot is new, or it had nothing else to say. */
  z.object({ type: z.literal('agent.hello'), bootId: z.string(), version: z.string() }),
  z.object({ type: z.literal('cluster.put'), fact: ClusterFact }),
  /** `key` is `<name>` or `<namespace>/<name>`. A pod that another node got is removed from the stream of the first. */
  z.object({ type: z.literal('cluster.remove'), kind: ClusterKind, key: z.string() }),
  z.object({
    type: z.literal('cluster.source'),
    source: z.enum(['lab', 'kubernetes', 'none']),
    server: z.string().optional(),
  }),
  /** Why the watch does not deliver; without a problem: it does again. */
  z.object({ type: z.literal('cluster.problem'), problem: z.string().optional() }),
  z.object({ type: z.literal('cluster.blind-spots'), blindSpots: z.array(z.string()) }),
  /** The first lists are complete. */
  z.object({ type: z.literal('cluster.synced') }),
  /** Retention gave the node up: neither cluster nor agent had told of it in all the time that was kept. Nothing is known of it from here on. */
  z.object({ type: z.literal('node.forgotten') }),
  /** A collector began to listen: agents that were not heard since are not known to live. */
  z.object({ type: z.literal('collector.started'), source: z.enum(['lab', 'kubernetes', 'none']) }),
]);
export type EntryBody = z.infer<typeof EntryBody>;

export const LogEntry = z.object({
  /** Place in the log, rising, with holes. */
  seq: z.int().positive(),
  /** When the collector took it, milliseconds since the epoch; never less than that of the entry before. */
  receivedMs: z.int(),
  /** Name of a node, or `CLUSTER_STREAM`. */
  stream: z.string(),
  body: EntryBody,
});
export type LogEntry = z.infer<typeof LogEntry>;
