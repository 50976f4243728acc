import { z } from 'zod';
import { AgentStatus } from '../agent/agent-status.ts';
import { Drift } from '../agent/drift.ts';
import { InvocationEvent } from '../cni/invocation-event.ts';
import { Finding } from '../findings/finding.ts';
import { KernelDelta } from '../kernel/kernel-delta.ts';
import { KernelSnapshot } from '../kernel/kernel-snapshot.ts';
import { CommandResult } from './agent-command.ts';

/**
 * `POST /agent/v1/batches`: gzip NDJSON. The first line is the header, every other line one record.
 * Idempotent: a batch is known by (node, bootId, sequence), an invocation by its event id.
 */
export const BatchHeader = z.object({
  protocol: z.literal(1),
  node: z.string().min(1),
  bootId: z.string(),
  sequence: z.int().positive(),
  agentVersion: z.string(),
  /** When the agent sent it, RFC 3339: the clock difference shows here. */
  sentAt: z.string(),
});
export type BatchHeader = z.infer<typeof BatchHeader>;

export const BatchRecord = z.discriminatedUnion('type', [
  z.object({ type: z.literal('invocation'), event: InvocationEvent }),
  z.object({ type: z.literal('kernel.snapshot'), snapshot: KernelSnapshot }),
  z.object({ type: z.literal('kernel.delta'), delta: KernelDelta }),
  /** A journal line that is torn or not ours: reported, not fatal. */
  z.object({
    type: z.literal('journal.problem'),
    file: z.string(),
    offset: z.int(),
    message: z.string(),
  }),
  z.object({ type: z.literal('agent.status'), status: AgentStatus }),
  /** All that the agent finds wrong now: replaces what it said before. */
  z.object({ type: z.literal('agent.findings'), findings: z.array(Finding) }),
  z.object({ type: z.literal('drift'), drift: Drift }),
  z.object({ type: z.literal('command.result'), result: CommandResult }),
]);
export type BatchRecord = z.infer<typeof BatchRecord>;

/** Answer to an accepted batch. `needsSnapshot` asks for a full kernel snapshot in the next one. */
export const BatchReceipt = z.object({ acknowledged: z.int(), needsSnapshot: z.boolean() });
export type BatchReceipt = z.infer<typeof BatchReceipt>;
